import { fingerprintEntries } from '../fingerprint.js';
import type { MemoryKeeper, Provider, TenantOptions } from './options.js';
import { SIZES } from './sizes.js';

type Entries = Readonly<Record<string, string>>;

/** The mounted file that pods follow while they run. */
export const POLICIES_FILE = 'policies.json';

const DEFAULT_SYNC_INTERVAL_MS = 60_000;
/** What has expired can be looked at for a month before it is removed. */
const CLEANUP_GRACE_DAYS = 30;

/** What a pod reads once, at its start: the environment that `memory-config` gives it. */
export const buildEnvironment = (o: TenantOptions): Entries => ({
  SERVICE_ENV: 'production',
  LOG_LEVEL: o.logLevel,
  METRICS_ENABLED: String(o.metrics),
  MEMPLANE_TENANT: o.name,
  MEMPLANE_TENANT_ID: o.tenantId,
  MEMPLANE_NAMESPACE: o.namespace,
  MEMPLANE_PUBLIC_URL: o.publicUrl ?? `https://${o.hostnames[0] ?? 'localhost'}`,
  // One name alone is the address above.
  ...(o.publicUrl !== undefined || o.hostnames.length > 1 ? { MEMPLANE_HOSTNAMES: o.hostnames.join(',') } : {}),
  MEMPLANE_SERVICE_ROLE: o.databaseRole,
  DATABASE_POOL_SIZE: String(SIZES[o.size].databasePoolSize),
  ...buildProvider('EMBEDDING', o.embedding),
  ...buildProvider('EXTRACTION', o.extraction),
  ...buildKeeper(o.memoryKeeper),
  VECTOR_DIMENSIONS: String(o.embedding.dimensions),
  VECTOR_PROVIDER: o.vectors.provider,
  // The name may be given to another tenant one day; the identity never is.
  VECTOR_DB_NAMESPACE: o.tenantId,
  SYNC_INTERVAL_MS: String(o.syncIntervalMs ?? DEFAULT_SYNC_INTERVAL_MS),
  KEYS_BUCKET_URL: o.keysBucketUrl,
  ...(o.artifactsBucketUrl === undefined ? {} : { ARTIFACTS_BUCKET_URL: o.artifactsBucketUrl }),
  KMS_PROVIDER: o.kms.provider,
  KMS_KEY_ID: o.kms.keyId,
  CORS_ORIGINS: o.corsOrigins.join(','),
  FIELD_ENCRYPTION: String(o.fieldEncryption),
});

/** Its key is no entry here: pods have it from its Secret. */
const buildProvider = (task: 'EMBEDDING' | 'EXTRACTION', { provider, model, endpoint }: Provider): Entries => ({
  [`${task}_PROVIDER`]: provider,
  ...(model === undefined ? {} : { [`${task}_MODEL`]: model }),
  ...(endpoint === undefined ? {} : { [`${task}_ENDPOINT`]: endpoint }),
});

const buildKeeper = (keeper: MemoryKeeper | undefined): Entries =>
  keeper === undefined
    ? {}
    : {
        MEMORY_PROVIDER: keeper.provider,
        ...(keeper.endpoint === undefined ? {} : { MEMORY_PROVIDER_URL: keeper.endpoint }),
        ...(keeper.organization === undefined ? {} : { MEM0_ORG_ID: keeper.organization }),
        ...(keeper.project === undefined ? {} : { MEM0_PROJECT_ID: keeper.project }),
      };

/** What a pod follows while it runs: a change here reaches it within a minute and rolls nothing. */
export const buildPolicies = (o: TenantOptions) => ({
  mode: o.mode,
  logLevel: o.logLevel,
  quotas: {
    memories: o.quotas.memories ?? null,
    memoriesPerUser: o.quotas.memoriesPerUser ?? null,
    tokensPerDay: o.quotas.tokensPerDay ?? null,
  },
  rateLimits: {
    tenantPerMinute: o.rateLimits.tenantPerMinute,
    ipPerMinute: o.rateLimits.ipPerMinute,
    ...(o.rateLimits.keyPerMinute === undefined ? {} : { keyPerMinute: o.rateLimits.keyPerMinute }),
  },
  access: { jwt: o.jwt, apiKeys: o.apiKeys },
  features: o.features,
  egress: o.egress.map(({ name, cidr, ports }) => ({ name, cidr, ports })),
  policies: {
    ttlDays: o.policies.ttlDays ?? null,
    minConfidencePercent: o.policies.minConfidencePercent,
    redact: o.policies.redact,
    predicates: o.policies.predicates ?? null,
    forgetting: o.policies.forgetting,
    cleanup: { intervalSeconds: o.policies.cleanup.intervalSeconds, graceDays: CLEANUP_GRACE_DAYS },
  },
  audit: o.audit,
  encryption: { index: o.searchIndex.keyword ? 'keyword' : 'off', clearMetadata: o.searchIndex.clearMetadata },
});

/**
 * Changes when pods must start anew to see what they read at their start. The log level is there too, for the lines
 * before the policies are read, but the policies carry it while a pod runs: changing it must not cost a rollout.
 */
export function startFingerprint(o: TenantOptions): string {
  const { LOG_LEVEL: _followed, ...environment } = buildEnvironment(o);
  return fingerprintEntries({ ...environment, credentialsVersion: o.credentialsVersion });
}
