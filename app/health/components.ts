import { readMigrations } from '../db/migrate.js';
import type { Database } from '../db/pool.js';
import type { Embedder } from '../embeddings/embedder.js';
import { isError } from '../http/cause.js';
import { selectTenantUsage } from '../memories/quota.js';
import type { VectorStore } from '../vectors/vector-store.js';
import type { ComponentState } from './component-state.js';
import { observeMemory, observeProcessor } from './machine.js';

export interface Health {
  /** Whether requests should be sent here: only what no request can do without. */
  readonly ready: boolean;
  readonly status: 'ok' | 'degraded' | 'unavailable';
  readonly components: Readonly<Record<string, ComponentState>>;
}

export interface HealthOptions {
  readonly db: Database;
  readonly embedder: Embedder;
  readonly vectors: VectorStore;
  readonly keysTrouble: () => string | undefined;
  readonly isDraining: () => boolean;
  /** Whether what happens once at start has happened. */
  readonly isInitialised: () => boolean;
  /** What features report of themselves. */
  readonly more?: Readonly<Record<string, () => ComponentState | Promise<ComponentState>>>;
}

/** A probe gives up after some seconds; a database that takes longer is down for it. */
const DATABASE_PATIENCE_MS = 2_000;
/** Probes, gateways and people ask more often than the answer changes. */
const REUSE_MS = 500;

/** Memory goes on with cached keys and without vectors; it cannot go on without its database or with a wrong schema. */
export const createHealth = (options: HealthOptions): (() => Promise<Health>) => {
  const migrations = readMigrations().length;
  let last: { readonly at: number; readonly health: Promise<Health> } | undefined;
  const look = async (): Promise<Health> => {
    const components = {
      database: await observeDatabase(options.db),
      migrations: await observeMigrations(options.db, migrations),
      keys: describe('down', options.keysTrouble()),
      embeddings: observeEmbeddings(options.embedder),
      vectors: describe('degraded', options.vectors.trouble()),
      process: observeProcess(options),
      memory: observeMemory(),
      cpu: observeProcessor(),
      ...(await observeMore(options.more ?? {})),
    };
    const ready = Object.values(components).every(({ status }) => status !== 'down');
    const well = Object.values(components).every(({ status }) => status === 'ok');
    return { ready, status: ready ? (well ? 'ok' : 'degraded') : 'unavailable', components };
  };
  return () => {
    if (options.isDraining() || !last || Date.now() - last.at > REUSE_MS) last = { at: Date.now(), health: look() };
    return last.health;
  };
};

const observeProcess = ({ isDraining, isInitialised }: HealthOptions): ComponentState => {
  if (isDraining()) return { status: 'down', detail: 'shutting down' };
  return isInitialised() ? { status: 'ok' } : { status: 'down', detail: 'the bootstrap key is not registered yet' };
};

const observeMore = async (more: NonNullable<HealthOptions['more']>): Promise<Record<string, ComponentState>> =>
  Object.fromEntries(
    await Promise.all(Object.entries(more).map(async ([name, look]) => [name, await look()] as const)),
  );

const describe = (status: 'down' | 'degraded', trouble: string | undefined): ComponentState =>
  trouble === undefined ? { status: 'ok' } : { status, detail: trouble };

const observeDatabase = async (db: Database): Promise<ComponentState> => {
  const asked = await probe(async () => void (await db.query('SELECT 1')), 'the database does not answer');
  if (asked.status !== 'ok') return asked;
  // Before the first migration there is nothing to count.
  const count = await selectTenantUsage(db).catch(() => undefined);
  return count === undefined ? asked : { status: 'ok', detail: `${count} memories` };
};

const observeMigrations = (db: Database, wanted: number): Promise<ComponentState> =>
  probe(async () => {
    const { rows } = await db.query<{ applied: number }>('SELECT max(version) AS applied FROM schema_migrations');
    const applied = rows[0]?.applied ?? 0;
    if (applied < wanted) throw new Error(`migration ${applied} of ${wanted} applied: run the role migrate`);
  }, 'the schema cannot be read: run the role migrate');

const probe = async (look: () => Promise<void>, otherwise: string): Promise<ComponentState> => {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(otherwise)), DATABASE_PATIENCE_MS);
  });
  try {
    await Promise.race([look(), patience]);
    return { status: 'ok' };
  } catch (cause) {
    const detail = isError(cause) && cause.message.startsWith('migration ') ? cause.message : otherwise;
    return { status: 'down', detail };
  } finally {
    clearTimeout(timer);
  }
};

const observeEmbeddings = (embedder: Embedder): ComponentState => {
  const state = embedder.state();
  if (state === 'ready') return { status: 'ok', detail: embedder.model };
  if (state === 'none') return { status: 'ok', detail: 'clients bring vectors' };
  return {
    status: 'degraded',
    detail: state === 'loading' ? 'the model is loading' : 'the model failed and will be started again',
  };
};
