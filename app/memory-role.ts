import type { Logger } from 'pino';
import { createGuard } from './access/guard.js';
import { type AccessKeys, createAccessKeys } from './access/keys.js';
import { type AppDeps, createApp } from './app.js';
import type { MemoryConfig } from './config.js';
import { createPool, type Database } from './db/pool.js';
import { type Retrying, retryUntilDone } from './db/retry.js';
import { createEmbedder } from './embeddings/create.js';
import type { Embedder } from './embeddings/embedder.js';
import { countWork } from './embeddings/outbox.js';
import { type EmbeddingWorker, startEmbeddingWorker } from './embeddings/worker.js';
import { createHealth } from './health/components.js';
import { createMetrics, type Metrics } from './health/metrics.js';
import { listen } from './http/server.js';
import { compileCheck } from './http/validate.js';
import { createIdempotency } from './idempotency/idempotency.js';
import { openBucket, openKms, openTenantKeys, SLOTS } from './keys/index.js';
import { createPresenter } from './memories/present.js';
import { DraftSchema } from './memories/schema.js';
import { createUuid7 } from './memories/uuid7.js';
import { buildDefaultPolicies } from './policies/schema.js';
import { type PolicyWatch, watchPolicies } from './policies/watch.js';
import { type KeyWatch, watchKeys } from './tenancy/key-watch.js';
import { createPeople, type People } from './tenancy/people.js';
import { createVault, type Vault } from './tenancy/vault.js';
import { createEmbeddedStore } from './vectors/embedded.js';
import type { VectorStore } from './vectors/vector-store.js';
import { VERSION } from './version.js';

export interface RunningService {
  readonly port: number;
  /** Readiness off, no new connections, requests in flight and the batch in hand finished, everything closed. */
  stop(): Promise<void>;
}

/** Builds every part in the order of its needs, and takes them down in reverse. */
export const startMemoryRole = async (config: MemoryConfig, log: Logger): Promise<RunningService> => {
  const parts = await startParts(config, log);
  let draining = false;
  const app = createApp(buildDeps(config, log, parts, () => draining));
  const server = await listen(app, {
    port: config.PORT,
    address: config.LISTEN_ADDRESS,
    drainMs: config.SHUTDOWN_TIMEOUT_MS,
  });
  log.info({ port: server.port, version: VERSION }, 'memory service is listening');
  return {
    port: server.port,
    stop: async () => {
      draining = true;
      await server.stop();
      await stopParts(parts);
    },
  };
};

interface Parts {
  readonly policies: PolicyWatch;
  readonly embedder: Embedder;
  readonly db: Database;
  readonly keyWatch: KeyWatch;
  readonly vault: Vault;
  readonly people: People;
  readonly accessKeys: AccessKeys;
  readonly bootstrap: Retrying;
  readonly vectors: VectorStore;
  readonly worker: EmbeddingWorker;
  readonly metrics: Metrics;
}

const startParts = async (config: MemoryConfig, log: Logger): Promise<Parts> => {
  const embedder = createEmbedder(config, { log });
  const policies = await startPolicies(config, log);
  const db = createPool({
    url: config.DATABASE_URL,
    size: config.DATABASE_POOL_SIZE,
    onError: (err) => log.warn({ err }, 'a database connection was lost'),
  });
  const keys = await openKeys(config, log);
  const vault = createVault(keys, config.FIELD_ENCRYPTION);
  await vault.prepare([SLOTS.tenant]);
  const people = createPeople(vault);
  const accessKeys = createAccessKeys({ db, vault, people, log });
  const bootstrap = retryUntilDone(
    () => registerBootstrap(accessKeys, config),
    (err) => log.warn({ err }, 'bootstrap key not registered yet'),
  );
  await bootstrap.attempted;
  const { VECTOR_DIMENSIONS: dimensions, OUTBOX_LEASE_MS: leaseMs, MEMPLANE_TENANT_ID: tenantId } = config;
  const vectors = createEmbeddedStore({ db, vault, dimensions, model: embedder.model, log });
  const worker = startEmbeddingWorker({ db, vault, embedder, leaseMs, log });
  const metrics = createMetrics({ tenantId, vectorsInMemory: () => vectors.size(), outbox: () => countWork(db) });
  const keyWatch = watchKeys({ keys, log });
  return { policies, embedder, db, keyWatch, vault, people, accessKeys, bootstrap, vectors, worker, metrics };
};

const stopParts = async (parts: Parts): Promise<void> => {
  parts.bootstrap.stop();
  await parts.worker.stop();
  parts.policies.stop();
  parts.keyWatch.stop();
  await parts.vectors.close();
  await parts.embedder.close();
  await parts.db.end();
};

const buildDeps = (config: MemoryConfig, log: Logger, parts: Parts, isDraining: () => boolean): AppDeps => {
  const { db, vault, people, embedder, vectors, metrics, worker } = parts;
  const tenant = { id: config.MEMPLANE_TENANT_ID, name: config.MEMPLANE_TENANT };
  const policies = parts.policies.current;
  const trustedProxies = config.MEMPLANE_TRUSTED_PROXIES;
  const guard = createGuard({ keys: parts.accessKeys, policies, tenant, trustedProxies });
  const keysTrouble = parts.keyWatch.trouble;
  return {
    log,
    corsOrigins: config.CORS_ORIGINS,
    publicUrl: config.MEMPLANE_PUBLIC_URL,
    guard,
    idempotency: createIdempotency({ db, vault }),
    access: { keys: parts.accessKeys, tenant },
    health: {
      health: createHealth({ db, embedder, vectors, keysTrouble, isDraining, isInitialised: parts.bootstrap.done }),
      metrics,
      metricsEnabled: config.METRICS_ENABLED,
      service: { name: 'memplane-memory', version: VERSION },
      authenticate: guard.authenticate,
    },
    memories: {
      ...{ db, vault, people, embedder, vectors, metrics, policies },
      presenter: createPresenter(vault, people),
      checkDraft: compileCheck(DraftSchema),
      newId: createUuid7(),
      onPending: () => worker.wake(),
    },
  };
};

const startPolicies = (config: MemoryConfig, log: Logger): Promise<PolicyWatch> =>
  watchPolicies({
    directory: config.MEMPLANE_CONFIG_DIR,
    defaults: buildDefaultPolicies(config.RATE_LIMIT_REQUESTS),
    log,
    onChange: ({ logLevel }) => {
      log.level = logLevel ?? config.LOG_LEVEL;
    },
  });

const registerBootstrap = async (keys: AccessKeys, { MEMPLANE_BOOTSTRAP_KEY: key }: MemoryConfig): Promise<void> => {
  if (key !== undefined) await keys.registerBootstrap(key);
};

const openKeys = (config: MemoryConfig, log: Logger) =>
  openTenantKeys({
    tenantId: config.MEMPLANE_TENANT_ID,
    namespace: config.MEMPLANE_NAMESPACE,
    bucket: openBucket(config.KEYS_BUCKET_URL),
    kms: openKms({ provider: config.KMS_PROVIDER, keyId: config.KMS_KEY_ID }),
    // Rows of one batch must find all their keys in memory: enough for people spread over 131,000 slots.
    blocksInMemory: 128,
    log,
  });
