import type { MemoryTenant, MemoryTenantStatus } from '../api/v1alpha1/types.js';
import { type Database, identifier, type Sql, unlessUnmade } from '../clients/postgres.js';

type Embedding = NonNullable<MemoryTenantStatus['embedding']>;
type Migration = NonNullable<Embedding['migration']>;

/** The one model that needs no network. */
export const LOCAL_MODEL = 'universal-sentence-encoder';

/** What the service takes of a provider when no model is named. */
const USUAL = {
  openai: 'text-embedding-3-small',
  google: 'gemini-embedding-001',
  ollama: 'nomic-embed-text',
} as const;

/** A model as the service writes it beside each vector. */
export function vectorModel({ provider, model }: MemoryTenant['spec']['providers']['embedding']): string {
  if (provider === 'local') return model ?? LOCAL_MODEL;
  return `${provider}/${model ?? USUAL[provider]}`;
}

export interface VectorModels {
  readonly vectors: number;
  /** Of another model than the present one: they are compared with nothing. */
  readonly foreign: number;
}

const TIMEOUT = '5s';
/** From so many on a hundredth of the table says enough. */
const SAMPLED_FROM = 100_000;

/** How many vectors are of another model; of a large table by a sample. `undefined` before the service has made its tables. */
export function readVectorModels(
  database: Pick<Database, 'transaction'>,
  schema: string,
  model: string,
): Promise<VectorModels | undefined> {
  return unlessUnmade(database.transaction((sql) => countModels(sql, identifier(schema), model)));
}

async function countModels(sql: Sql, schema: string, model: string): Promise<VectorModels> {
  await sql.query(`SET LOCAL statement_timeout = '${TIMEOUT}'`);
  const [size] = await sql.query<{ readonly rows: number }>(
    'SELECT reltuples::float8 AS rows FROM pg_class WHERE oid = $1::regclass',
    [`${schema}.vectors`],
  );
  const sample = (size?.rows ?? 0) >= SAMPLED_FROM ? 'TABLESAMPLE SYSTEM (1)' : '';
  const [row] = await sql.query<Readonly<Record<keyof VectorModels, string>>>(
    `SELECT count(*) AS vectors, count(*) FILTER (WHERE model <> $1) AS "foreign" FROM ${schema}.vectors ${sample}`,
    [model],
  );
  return { vectors: Number(row?.vectors ?? 0), foreign: Number(row?.foreign ?? 0) };
}

/** What the status shall say of a change of model; `undefined` when there is none on its way. */
export function planMigration(model: string, { vectors, foreign }: VectorModels): Migration | undefined {
  if (foreign === 0) return undefined;
  return { model, progressPercent: Math.floor((100 * (vectors - foreign)) / vectors) };
}

/** The embedding as the spec has it now; that it is another one than before is remembered until the vectors say that it is done. */
export function succeedEmbedding(before: Embedding | undefined, now: Embedding | undefined): Embedding | undefined {
  if (now === undefined || before === undefined) return now;
  const { migration, ...shown } = before;
  const changed = shown.provider !== now.provider || shown.model !== now.model;
  if (changed)
    return { ...now, migration: { model: now.model ?? `the usual one of ${now.provider}`, progressPercent: 0 } };
  return migration === undefined ? now : { ...now, migration };
}

/** Searches go on, but by words alone for what no vector of the present model is there of. */
export const describeMigration = ({ model, progressPercent }: Migration): string =>
  `vectors of another model than ${model} are not compared, and their memories found by words only (${progressPercent ?? 0} % are ` +
  'embedded anew); ask for POST /api/v1/reembed with a key that may manage jobs, or set spec.providers.embedding back';
