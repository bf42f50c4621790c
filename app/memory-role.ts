import { readFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import type { Logger } from 'pino';
import { createAccess } from './access/create.js';
import type { AccessKeys } from './access/keys.js';
import type { SecurityEvents } from './access/security-events.js';
import { createUsageMeter } from './access/usage.js';
import { type AppDeps, createApp } from './app.js';
import { createAuditLog } from './audit/create.js';
import { selectKeyringFloor } from './audit/epoch.js';
import { openPlaneKey, type PlaneKey } from './audit/plane-key.js';
import { type Cache, createCache } from './cache/cache.js';
import { cacheEmbeddings } from './cache/embeddings.js';
import { openRedis, type SharedStore } from './cache/redis.js';
import { createSharedLimiter } from './cache/shared-limiter.js';
import { ConfigError, type MemoryConfig } from './config.js';
import type { Core, Feature } from './core.js';
import { createPool, type Database } from './db/pool.js';
import { type Retrying, retryUntilDone } from './db/retry.js';
import { createEmbedder, type EmbedderSettings, nextSettings } from './embeddings/create.js';
import type { Embedder } from './embeddings/embedder.js';
import { countWork } from './embeddings/outbox.js';
import { openSuccession } from './embeddings/succession.js';
import { type EmbeddingWorker, startEmbeddingWorker } from './embeddings/worker.js';
import { createFeatures } from './features.js';
import { createHealth } from './health/components.js';
import { observeDisk } from './health/machine.js';
import { createMemoriesHealth } from './health/memories.js';
import { createMetrics, type Metrics } from './health/metrics.js';
import { createOutbound, type Outbound } from './http/outbound.js';
import { listen } from './http/server.js';
import { compileCheck } from './http/validate.js';
import { createIdempotency } from './idempotency/idempotency.js';
import { createJobs } from './jobs/jobs.js';
import { openBucket, openKms, openTenantKeys, SLOTS } from './keys/index.js';
import { createChangeWatch } from './memories/changes.js';
import { createGroupWriter } from './memories/group.js';
import { startMarking } from './memories/marking.js';
import { createPresenter } from './memories/present.js';
import { createMemoryReader } from './memories/reader.js';
import { createRowMarks, type RowMarks } from './memories/row-mac.js';
import { DraftSchema } from './memories/schema.js';
import { tagsOfRows } from './memories/touched.js';
import { createUuid7 } from './memories/uuid7.js';
import { buildDefaultPolicies, type Policies } from './policies/schema.js';
import { type PolicyWatch, watchPolicies } from './policies/watch.js';
import { isRemote } from './remote/open.js';
import { createRowSealer } from './sealing/row-sealer.js';
import { type KeyWatch, watchKeys } from './tenancy/key-watch.js';
import { createPeople } from './tenancy/people.js';
import { createVault, type Vault } from './tenancy/vault.js';
import { createVectorStore } from './vectors/create.js';
import { VERSION } from './version.js';

export interface RunningService {
  readonly port: number;
  /** Readiness off, no new connections, requests in flight and the batch in hand finished, everything closed. */
  stop(): Promise<void>;
}

/** Builds every part in the order of its needs, and takes them down in reverse. */
export const startMemoryRole = async (config: MemoryConfig, log: Logger): Promise<RunningService> => {
  const foundation = await startFoundation(config, log);
  const features = createFeatures(foundation.core);
  const app = createApp(buildDeps(foundation, features));
  const server = await listen(app, {
    port: config.PORT,
    address: config.LISTEN_ADDRESS,
    drainMs: config.SHUTDOWN_TIMEOUT_MS,
  });
  log.info({ port: server.port, version: VERSION }, 'memory service is listening');
  return {
    port: server.port,
    stop: async () => {
      foundation.end();
      await server.stop();
      for (const feature of [...features].reverse()) await feature.stop?.();
      await foundation.stop();
    },
  };
};

export interface Foundation {
  readonly core: Core;
  readonly bootstrap: Retrying;
  readonly keyWatch: KeyWatch;
  /** Aborts `core.ending`. */
  end(): void;
  stop(): Promise<void>;
}

export const startFoundation = async (config: MemoryConfig, log: Logger): Promise<Foundation> => {
  const ground = await openGround(config, log);
  const { policyWatch, db, keys, vault, newId, audit, plane, usage, outbound } = ground;
  const people = createPeople(vault);
  const shared = await openShared(config, log);
  const cache = createCache({ vault, shared, log });
  const { embedder, vectors, succession } = await openModels(config, ground, cache, log);
  const policies = policyWatch.current;
  const tenant = { id: config.MEMPLANE_TENANT_ID, name: config.MEMPLANE_TENANT };
  const access = createAccess({
    ...{ db, vault, people, policies, tenant, outbound, audit, usage, log },
    trustedProxies: config.MEMPLANE_TRUSTED_PROXIES,
    limiter: createSharedLimiter({ shared, hash: (key) => vault.cacheToken(key).toString('base64url') }),
  });
  const bootstrap = startBootstrap(access.keys, config, log);
  await bootstrap.attempted;
  const worker = startEmbeddings({ config, db, vault, embedder, cache, log });
  const keyWatch = watchKeys({ keys, log, kmsIntervalMs: config.KMS_CHECK_SECONDS * 1_000 });
  const ending = new AbortController();
  const parts = {
    ...{ config, log, db, vault, people, embedder, vectors, succession, access, cache, outbound },
    ...{ tenant, audit, plane, newId, policies, ending: ending.signal },
    jobs: createJobs({ db, vault, newId, log }),
  };
  const core = buildCore(parts, () => worker.wake());
  const marking = await startMarking({ db, vault, audit, log, marks: core.memories.marks });
  const stop = async (): Promise<void> => {
    bootstrap.stop();
    await Promise.all([worker.stop(), marking.stop(), succession?.stop()]);
    policyWatch.stop();
    keyWatch.stop();
    await access.stop();
    await Promise.all([outbound.close(), shared?.close()]);
    await vectors.close();
    await Promise.all([embedder.close(), ground.sealer.close()]);
    await audit.stop();
    await db.end();
  };
  return { core, bootstrap, keyWatch, end: () => ending.abort(), stop };
};

/** One model and its index, or two of which the second takes over one day. */
const openModels = async (
  config: MemoryConfig,
  { db, vault, ...ground }: Awaited<ReturnType<typeof openGround>>,
  cache: Cache,
  log: Logger,
) => {
  const openVectors = ({ model, dimensions }: Embedder) =>
    createVectorStore({ ...config, VECTOR_DIMENSIONS: dimensions }, { db, vault, log, model });
  const present = cacheEmbeddings(ground.model, cache);
  const heir = ground.heir && cacheEmbeddings(ground.heir, cache);
  if (!heir) return { embedder: present, vectors: openVectors(present), succession: undefined };
  const succession = await openSuccession({ db, log, present, heir, openVectors });
  return { embedder: succession.embedder, vectors: succession.vectors, succession };
};

const startEmbeddings = (
  parts: Pick<Core, 'config' | 'db' | 'vault' | 'embedder' | 'cache' | 'log'>,
): EmbeddingWorker => {
  const { config, db, vault, embedder, cache, log } = parts;
  const leaseMs = config.OUTBOX_LEASE_MS;
  return startEmbeddingWorker({
    ...{ db, vault, embedder, leaseMs, log },
    touched: (rows) => cache.touch(tagsOfRows(rows)),
  });
};

/** What everything else stands on. */
const openGround = async (config: MemoryConfig, log: Logger) => {
  // First what a wrong setting would end; the tenant may name the endpoint, so it is reached as every address that a tenant names.
  const open = (settings: EmbedderSettings) =>
    createEmbedder(settings, {
      log,
      onTokens: (tokens) => usage.add('embedding_tokens', tokens),
      ...(isBesideUs(settings) ? {} : { fetch: (...call) => outbound.fetch(...call) }),
    });
  // Nothing is embedded here while memories lie elsewhere.
  const model = open(isRemote(config) ? { ...config, EMBEDDING_PROVIDER: 'none' } : config);
  const next = isRemote(config) ? undefined : nextSettings(config);
  const heir = next && open(next);
  if (heir?.model === model.model) throw new ConfigError(SAME_MODEL);
  const policyWatch = await startPolicies(config, log);
  const outbound = openOutbound(config, policyWatch.current);
  const db = openDatabase(config, log);
  const usage = createUsageMeter(db);
  const keys = await openKeys(config, log, await selectKeyringFloor(db, log));
  const sealer = createRowSealer();
  const vault = createVault(keys, config.FIELD_ENCRYPTION, sealer);
  await vault.prepare([SLOTS.tenant]);
  const newId = createUuid7();
  const plane = openPlane(config);
  const audit = createAuditLog({
    ...{ db, vault, newId, log, policies: policyWatch.current },
    replica: config.POD_NAME ?? hostname(),
    directory: config.MEMPLANE_SCRATCH_DIR,
    plane,
    planeEveryMs: config.AUDIT_KMS_INTERVAL_MS,
  });
  return { model, heir, policyWatch, db, keys, vault, sealer, newId, audit, plane, usage, outbound };
};

const SAME_MODEL =
  'EMBEDDING_NEXT_PROVIDER and EMBEDDING_NEXT_MODEL name the present model: name another, or remove them';

/** An Ollama without TLS stands beside the service and is the platform's to allow. */
const isBesideUs = ({ EMBEDDING_PROVIDER, EMBEDDING_ENDPOINT }: EmbedderSettings): boolean =>
  EMBEDDING_PROVIDER === 'ollama' && !EMBEDDING_ENDPOINT?.startsWith('https:');

type CoreParts = Omit<Core, 'metrics' | 'guard' | 'accessKeys' | 'memories'>;

const buildCore = (parts: CoreParts, onPending: () => void): Core => {
  const { config, db, vault, people, embedder, vectors, policies, audit, newId, access, cache, tenant } = parts;
  const metrics = createMetrics({
    tenant: tenant.name,
    environment: config.SERVICE_ENV,
    cacheCounts: () => cache.counts(),
    onUse: access.usage.add,
    vectorsInMemory: () => vectors.size(),
    outbox: () => countWork(db),
  });
  const marks = watchRows(vault, access.events, metrics);
  const presenter = createPresenter(vault, people, marks);
  const changes = createChangeWatch(db);
  const memories = {
    ...{ db, vault, people, embedder, vectors, metrics, policies, audit, cache, newId, onPending },
    group: createGroupWriter(db),
    presenter,
    marks,
    changes,
    reader: createMemoryReader({ db, vault, presenter, changes }),
    checkDraft: compileCheck(DraftSchema),
  };
  return { ...parts, metrics, accessKeys: access.keys, guard: access.guard, memories };
};

/** What somebody changed in the database is counted and told. */
const watchRows = (vault: Vault, events: SecurityEvents, metrics: Metrics): RowMarks =>
  createRowMarks({
    vault,
    onForged: ({ id, mac }) => {
      metrics.rowRefused('memories');
      events.tampered('memories', id, mac ?? Buffer.alloc(0));
    },
    onForgedEvent: ({ id, mac }) => {
      metrics.rowRefused('memory_history');
      events.tampered('memory_history', id, mac ?? Buffer.alloc(0));
    },
  });

const buildDeps = ({ core, bootstrap, keyWatch }: Foundation, features: readonly Feature[]): AppDeps => {
  const { config, db, vault, embedder, vectors, metrics, guard } = core;
  const isDraining = (): boolean => core.ending.aborted;
  const keysTrouble = keyWatch.trouble;
  const more = Object.assign(
    {
      memories: createMemoriesHealth(db, core.cache),
      cache: () => core.cache.health(),
      disk: () => observeDisk(config.MEMPLANE_SCRATCH_DIR ?? tmpdir()),
    },
    ...features.map(({ health }) => health ?? {}),
  );
  return {
    log: core.log,
    events: core.access.events,
    corsOrigins: config.CORS_ORIGINS,
    requireHttps: config.MEMPLANE_REQUIRE_HTTPS,
    front: config.MEMPLANE_HOT_PATH,
    publicUrl: config.MEMPLANE_PUBLIC_URL,
    guard,
    idempotency: createIdempotency({ db, vault }),
    metrics,
    policies: core.policies,
    features,
    health: {
      health: createHealth({ db, embedder, vectors, keysTrouble, isDraining, isInitialised: bootstrap.done, more }),
      metrics,
      metricsEnabled: config.METRICS_ENABLED,
      service: { name: 'memplane-memory', version: VERSION, environment: config.SERVICE_ENV },
      authenticate: async (headers) => guard.authenticate(headers),
    },
  };
};

const openPlane = (config: MemoryConfig): PlaneKey | undefined => {
  const { AUDIT_KMS_KEY_ID: keyId, KMS_ENDPOINT: endpoint } = config;
  if (keyId === undefined) return undefined;
  const provider = config.AUDIT_KMS_PROVIDER ?? config.KMS_PROVIDER;
  return openPlaneKey(config.AUDIT_KMS_KEY_NAME, { provider, keyId, endpoint, identity: config });
};

const openDatabase = (config: MemoryConfig, log: Logger): Database =>
  createPool({
    url: config.DATABASE_URL,
    size: config.DATABASE_POOL_SIZE,
    onError: (err) => log.warn({ err }, 'a database connection was lost'),
  });

const openShared = async (config: MemoryConfig, log: Logger): Promise<SharedStore | undefined> => {
  const { REDIS_URL: url, REDIS_KEY_PREFIX, MEMPLANE_TENANT_ID } = config;
  if (url === undefined) return undefined;
  return openRedis({ url, prefix: REDIS_KEY_PREFIX ?? `memplane:${MEMPLANE_TENANT_ID}:`, log });
};

const openOutbound = (config: MemoryConfig, policies: () => Policies): Outbound =>
  createOutbound({
    rules: () => [
      ...config.MEMPLANE_EGRESS_ALLOW.map((cidr) => ({ cidr, ports: [] })),
      ...(policies().egress ?? []).map(({ cidr, ports = [] }) => ({ cidr, ports })),
    ],
    ca: config.MEMPLANE_CA_FILE === undefined ? undefined : readFileSync(config.MEMPLANE_CA_FILE, 'utf8'),
  });

const startBootstrap = (accessKeys: AccessKeys, config: MemoryConfig, log: Logger): Retrying =>
  retryUntilDone(
    () => registerBootstrap(accessKeys, config),
    (err) => log.warn({ err }, 'bootstrap key not registered yet'),
  );

const startPolicies = (config: MemoryConfig, log: Logger): Promise<PolicyWatch> =>
  watchPolicies({
    directory: config.MEMPLANE_CONFIG_DIR,
    defaults: buildDefaultPolicies({
      requestsPerMinute: config.RATE_LIMIT_REQUESTS,
      forgettingIntervalHours: config.FORGETTING_INTERVAL_HOURS,
      forgettingThreshold: config.FORGETTING_THRESHOLD,
      maintenanceIntervalHours: config.MAINTENANCE_INTERVAL_HOURS,
    }),
    log,
    onChange: ({ logLevel }) => {
      log.level = logLevel ?? config.LOG_LEVEL;
    },
  });

const registerBootstrap = async (keys: AccessKeys, { MEMPLANE_BOOTSTRAP_KEY: key }: MemoryConfig): Promise<void> => {
  if (key !== undefined) await keys.registerBootstrap(key);
};

const openKeys = (config: MemoryConfig, log: Logger, minimumEpoch: number) =>
  openTenantKeys({
    tenantId: config.MEMPLANE_TENANT_ID,
    minimumEpoch,
    namespace: config.MEMPLANE_NAMESPACE,
    bucket: openBucket(config.KEYS_BUCKET_URL, { identity: config }),
    kms: openKms({
      provider: config.KMS_PROVIDER,
      keyId: config.KMS_KEY_ID,
      endpoint: config.KMS_ENDPOINT,
      identity: config,
    }),
    // Rows of one batch must find all their keys in memory: enough for people spread over 131,000 slots.
    blocksInMemory: 128,
    log,
  });
