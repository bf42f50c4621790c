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

/** A probe gives up after some seconds; what takes longer, all looked at at once, is down for it. */
const PATIENCE_MS = 2_000;
/** Probes, gateways and people ask more often than the answer changes. */
const REUSE_MS = 500;

/** Memory goes on with cached keys and without vectors; it cannot go on without its database or with a wrong schema. */
export const createHealth = (options: HealthOptions): (() => Promise<Health>) => {
  const migrations = readMigrations().length;
  let last: { readonly at: number; readonly health: Promise<Health> } | undefined;
  const look = async (): Promise<Health> => {
    const [database, schema, more] = await Promise.all([
      observeDatabase(options.db),
      observeMigrations(options.db, migrations),
      observeMore(options.more ?? {}),
    ]);
    const components = {
      database,
      migrations: schema,
      keys: describe('down', options.keysTrouble()),
      embeddings: observeEmbeddings(options.embedder),
      vectors: describe('degraded', options.vectors.trouble()),
      process: observeProcess(options),
      memory: observeMemory(),
      cpu: observeProcessor(),
      ...more,
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
    await Promise.all(
      Object.entries(more).map(async ([name, look]) => {
        const late: ComponentState = { status: 'degraded', detail: `no answer in ${PATIENCE_MS / 1000} s` };
        return [
          name,
          await within(
            async () => look(),
            () => late,
          ),
        ] as const;
      }),
    ),
  );

const describe = (status: 'down' | 'degraded', trouble: string | undefined): ComponentState =>
  trouble === undefined ? { status: 'ok' } : { status, detail: trouble };

const observeDatabase = (db: Database): Promise<ComponentState> =>
  probe(async () => {
    await db.query('SELECT 1');
    // Before the first migration there is nothing to count.
    const count = await selectTenantUsage(db).catch(() => undefined);
    return count === undefined ? undefined : `${count} memories`;
  }, 'the database does not answer');

const observeMigrations = (db: Database, wanted: number): Promise<ComponentState> =>
  probe(async () => {
    const { rows } = await db.query<{ applied: number }>('SELECT max(version) AS applied FROM schema_migrations');
    const applied = rows[0]?.applied ?? 0;
    if (applied < wanted) throw new Error(`migration ${applied} of ${wanted} applied: run the role migrate`);
    return undefined;
  }, 'the schema cannot be read: run the role migrate');

/** `otherwise` is what is told of it; what a look finds wrong itself begins with "migration". */
const probe = async (look: () => Promise<string | undefined>, otherwise: string): Promise<ComponentState> => {
  const down: ComponentState = { status: 'down', detail: otherwise };
  try {
    return await within(
      async (): Promise<ComponentState> => {
        const detail = await look();
        return { status: 'ok', ...(detail === undefined ? {} : { detail }) };
      },
      () => down,
    );
  } catch (cause) {
    return isError(cause) && cause.message.startsWith('migration ') ? { ...down, detail: cause.message } : down;
  }
};

/** Whichever comes first: what is looked for, or what is told of it after all patience. */
export const within = async <T>(look: () => Promise<T>, late: () => T): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<T>((resolve, reject) => {
    timer = setTimeout(() => {
      try {
        resolve(late());
      } catch (cause) {
        reject(cause);
      }
    }, PATIENCE_MS);
  });
  try {
    return await Promise.race([look(), patience]);
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
