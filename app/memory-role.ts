import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { createGuard } from './access/guard.js';
import { type AccessKeys, createAccessKeys } from './access/keys.js';
import { type AppDeps, createApp } from './app.js';
import type { MemoryConfig } from './config.js';
import { createPool } from './db/pool.js';
import { retryUntilDone } from './db/retry.js';
import { createEmbedder } from './embeddings/create.js';
import { countWork } from './embeddings/outbox.js';
import { startEmbeddingWorker } from './embeddings/worker.js';
import { createHealth } from './health/components.js';
import { createMetrics } from './health/metrics.js';
import { answerClientError } from './http/client-error.js';
import { compileCheck } from './http/validate.js';
import { openBucket, openKms, openTenantKeys } from './keys/index.js';
import { createPresenter } from './memories/present.js';
import { DraftSchema } from './memories/schema.js';
import { createUuid7 } from './memories/uuid7.js';
import { buildDefaultPolicies } from './policies/schema.js';
import { watchPolicies } from './policies/watch.js';
import { watchKeys } from './tenancy/key-watch.js';
import { createPeople } from './tenancy/people.js';
import { createVault } from './tenancy/vault.js';
import { createEmbeddedStore } from './vectors/embedded.js';
import { VERSION } from './version.js';

export interface RunningService {
  readonly port: number;
  /** Readiness off, no new connections, requests in flight and the batch in hand finished, everything closed. */
  stop(): Promise<void>;
}

/** Builds every part in the order of its needs, and takes them down in reverse. */
export const startMemoryRole = async (config: MemoryConfig, log: Logger): Promise<RunningService> => {
  const tenant = { id: config.MEMPLANE_TENANT_ID, name: config.MEMPLANE_TENANT };
  const policies = await watchPolicies({
    directory: config.MEMPLANE_CONFIG_DIR,
    defaults: buildDefaultPolicies(config.RATE_LIMIT_REQUESTS),
    log,
    onChange: ({ logLevel }) => {
      log.level = logLevel ?? config.LOG_LEVEL;
    },
  });
  const embedder = createEmbedder(config, { log });
  const db = createPool({
    url: config.DATABASE_URL,
    size: config.DATABASE_POOL_SIZE,
    onError: (err) => log.warn({ err }, 'idle database connection lost'),
  });
  const keys = await openKeys(config, log);
  const keyWatch = watchKeys({ keys, log });
  const vault = createVault(keys, config.FIELD_ENCRYPTION);
  await vault.prepare([0]);
  const people = createPeople(vault);
  const accessKeys = createAccessKeys({ db, vault, people, log });
  const bootstrap = retryUntilDone(
    () => registerBootstrap(accessKeys, config),
    (err) => log.warn({ err }, 'bootstrap key not registered yet'),
  );
  await bootstrap.attempted;
  const vectors = createEmbeddedStore({ db, vault, dimensions: config.VECTOR_DIMENSIONS, model: embedder.model, log });
  const worker = startEmbeddingWorker({ db, vault, embedder, leaseMs: config.OUTBOX_LEASE_MS, log });
  const metrics = createMetrics({ tenantId: tenant.id, vectorsInMemory: vectors.size, outbox: () => countWork(db) });
  const guard = createGuard({
    keys: accessKeys,
    policies: policies.current,
    tenant,
    trustedProxies: config.MEMPLANE_TRUSTED_PROXIES,
  });
  let draining = false;
  const health = createHealth({
    db,
    embedder,
    vectors,
    keysTrouble: keyWatch.trouble,
    isDraining: () => draining,
    isInitialised: bootstrap.done,
  });
  const deps: AppDeps = {
    log,
    corsOrigins: config.CORS_ORIGINS,
    publicUrl: config.MEMPLANE_PUBLIC_URL,
    guard,
    access: { keys: accessKeys, tenant },
    health: {
      health,
      metrics,
      metricsEnabled: config.METRICS_ENABLED,
      service: { name: 'memplane-memory', version: VERSION },
      authenticate: guard.authenticate,
    },
    memories: {
      db,
      vault,
      people,
      presenter: createPresenter(vault, people),
      policies: policies.current,
      metrics,
      checkDraft: compileCheck(DraftSchema),
      newId: createUuid7(),
      embedder,
      vectors,
      onPending: worker.wake,
    },
  };
  const server = createServer(SERVER_LIMITS, createApp(deps));
  server.on('clientError', answerClientError);
  const port = await listen(server, config);
  log.info({ port, version: VERSION }, 'memory service is listening');
  return {
    port,
    stop: async () => {
      draining = true;
      bootstrap.stop();
      await closeServer(server, config.SHUTDOWN_TIMEOUT_MS);
      await worker.stop();
      policies.stop();
      keyWatch.stop();
      await vectors.close();
      await embedder.close();
      await db.end();
    },
  };
};

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

/** A slow sender may hold a connection, not for ever: headers within 15 s, a body of 50 MB within 2 minutes. */
const SERVER_LIMITS = {
  headersTimeout: 15_000,
  requestTimeout: 120_000,
  keepAliveTimeout: 65_000,
  maxHeaderSize: 16_384,
};

const listen = (server: Server, config: MemoryConfig): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    const address = config.LISTEN_ADDRESS === undefined ? {} : { host: config.LISTEN_ADDRESS };
    server.listen({ port: config.PORT, ...address }, () => resolve((server.address() as AddressInfo).port));
  });

const closeServer = (server: Server, timeoutMs: number): Promise<void> =>
  new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), timeoutMs);
    server.close(() => {
      clearTimeout(cut);
      clearInterval(idle);
      resolve();
    });
    // A connection that was busy is idle after its answer, and would be kept alive.
    const idle = setInterval(() => server.closeIdleConnections(), 20);
  });
