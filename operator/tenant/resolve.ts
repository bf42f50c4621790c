import { tenantNamespace } from '../../charts/manifests/names.js';
import type { Provider, TenantOptions } from '../../charts/manifests/tenant/options.js';
import { SIZES } from '../../charts/manifests/tenant/sizes.js';
import type { MemoryPlane, MemoryTenant, MemoryTenantClass } from '../api/v1alpha1/types.js';
import type { TenantRecord } from '../catalogue/catalogue.js';
import { kmsKeyOf } from '../clients/kms-providers.js';
import { bucketUrl, type PlaneBucket } from '../plane/bucket-url.js';
import { done, type Outcome, stalled } from '../runtime/outcome.js';
import { secondsOf } from './duration.js';
import { LOCAL_MODEL } from './embedding.js';
import type { Facts } from './facts.js';
import { checkHostnames, hostnamesOf } from './hostnames.js';
import { checkLimits } from './limits.js';
import { resolveNetwork } from './network.js';
import { resolveService } from './scaling.js';
import { checkSupported } from './support.js';

export interface ResolveInput {
  readonly tenant: MemoryTenant;
  readonly plane: MemoryPlane;
  readonly tenantClass: MemoryTenantClass | undefined;
  /** All tenants of the cluster: a hostname belongs to one. */
  readonly others: readonly MemoryTenant[];
}

export interface Resolved {
  readonly options: TenantOptions;
  readonly facts: Facts;
}

/**
 * From a spec, its class and its plane to the one flat value that everything is built from; pure. Stalls with
 * TierNotSupported, ProviderNotSupported, FeatureNotSupported, LimitExceeded, HostnameTaken or RingNotFound. What only the
 * catalogue knows (id and placement) is filled in last.
 */
export function resolveTenant(input: ResolveInput): Outcome<(record: TenantRecord) => Resolved> {
  const { tenant, plane, tenantClass, others } = input;
  const objection =
    checkSupported(tenant) ?? checkLimits(tenant, tenantClass) ?? checkHostnames(tenant, plane.spec.baseDomain, others);
  if (objection !== undefined) return stalled(objection.reason, objection.message);
  const ring = tenant.spec.rollout?.ring ?? tenantClass?.spec.defaults?.ring ?? plane.spec.rings[0]?.name ?? 'stable';
  const version = tenant.spec.rollout?.version ?? plane.spec.rings.find(({ name }) => name === ring)?.version;
  if (version === undefined) {
    return stalled(
      'RingNotFound',
      `ring ${ring} is not in spec.rings of MemoryPlane ${plane.metadata.name}; add it, or set spec.rollout.version`,
    );
  }
  return done((record) => {
    const kms = { provider: plane.spec.kms.provider, keyId: kmsKeyOf(plane.spec.kms, record.tenantId) };
    const options = { ...buildOptions(input, version), kms, tenantId: record.tenantId, databaseRole: record.schema };
    return { options, facts: effectiveFacts(options, tenantClass, ring) };
  });
}

type WithoutIdentity = Omit<TenantOptions, 'tenantId' | 'databaseRole' | 'kms'>;

function buildOptions(input: ResolveInput, version: string): WithoutIdentity {
  const { tenant, plane, tenantClass } = input;
  const { spec, metadata } = tenant;
  const size = spec.size ?? tenantClass?.spec.defaults?.size ?? 'small';
  const hostnames = hostnamesOf(tenant, plane.spec.baseDomain);
  const service = resolveService(spec.services.memory, SIZES[size]);
  return {
    name: metadata.name,
    namespace: tenantNamespace(metadata.name),
    tier: spec.tier,
    mode: spec.mode,
    size,
    image: plane.spec.image.service,
    version,
    imagePullSecrets: [
      ...(plane.spec.image.pullSecretRefs ?? []),
      ...(tenantClass?.spec.workload?.imagePullSecretRefs ?? []),
    ].map(({ name }) => name),
    serviceAccountAnnotations: { ...roleOf(plane, metadata.name), ...annotationsOf(plane) },
    memory: service.options,
    quotaHard: service.quotaHard,
    hostnames,
    publicUrl: publicUrl(plane, hostnames),
    credentialsVersion: 'none',
    ...accessOptions(input),
    ...policyOptions(input),
    ...planeOptions(input),
    archive: archiveOptions(input),
    ...resolveNetwork(tenant, plane),
  };
}

const annotationsOf = ({ spec }: MemoryPlane, account: 'memory' | 'audit' = 'memory') =>
  spec.serviceAccounts?.find(({ name }) => name === account)?.annotations ?? {};

/** Where the role `archive` writes. */
function archiveOptions({ tenant: { spec }, plane }: ResolveInput): TenantOptions['archive'] {
  const { audit } = plane.spec.buckets;
  if (audit === undefined) return undefined;
  return {
    bucketUrl: bucketUrl(audit),
    retentionDays: spec.audit.retentionDays,
    intervalSeconds: secondsOf(spec.audit.archiveInterval),
    serviceAccountAnnotations: annotationsOf(plane, 'audit'),
  };
}

/** IRSA has no session tags, so each tenant has a role that the platform made and named after it. */
function roleOf({ spec: { identity } }: MemoryPlane, tenant: string): Readonly<Record<string, string>> {
  if (identity?.provider !== 'eks-irsa' || identity.tenantRoleARN === undefined) return {};
  return { 'eks.amazonaws.com/role-arn': identity.tenantRoleARN.replace('*', tenant) };
}

function publicUrl({ spec }: MemoryPlane, [hostname = '']: readonly string[]): string {
  const { scheme = 'https', port } = spec.gateway ?? {};
  return `${scheme}://${hostname}${port === undefined ? '' : `:${port}`}`;
}

function accessOptions({ tenant: { spec } }: ResolveInput) {
  return {
    corsOrigins: spec.access.corsOrigins,
    rateLimits: spec.access.rateLimits,
    jwt: spec.access.jwt ?? [],
    apiKeys: spec.access.apiKeys,
    features: spec.features ?? [],
    admins: spec.access.admins,
    consumers: spec.access.consumers,
  };
}

function policyOptions({ tenant: { spec } }: ResolveInput) {
  return {
    quotas: {
      memories: spec.quotas.memories,
      memoriesPerUser: spec.quotas.memoriesPerUser,
      storage: spec.quotas.storage === undefined ? undefined : String(spec.quotas.storage),
      tokensPerDay: spec.quotas.tokensPerDay,
    },
    policies: {
      ttlDays: spec.policies.ttlDays,
      minConfidencePercent: spec.policies.minConfidencePercent,
      redact: spec.policies.redact,
      predicates: spec.policies.predicates,
      forgetting: {
        intervalSeconds: secondsOf(spec.policies.forgetting.interval),
        thresholdPercent: spec.policies.forgetting.thresholdPercent,
      },
      cleanup: { intervalSeconds: secondsOf(spec.policies.cleanup.interval) },
    },
    logLevel: spec.observability.logLevel,
    metrics: spec.observability.metrics,
    fieldEncryption: spec.encryption.fields,
    keyRotationDays: spec.encryption.keyRotationDays,
    audit: { reads: spec.audit.reads, readsMode: spec.audit.readsMode },
    searchIndex: { keyword: spec.encryption.index === 'keyword', clearMetadata: spec.encryption.clearMetadata },
    embedding: resolveEmbedding(spec.providers.embedding),
    extraction: resolveProvider(spec.providers.extraction),
    memoryKeeper: resolveKeeper(spec.providers.memory),
    vectors: { provider: 'embedded' as const },
  };
}

type Providers = MemoryTenant['spec']['providers'];

/** A provider has a usual model of its own. */
function resolveEmbedding(embedding: Providers['embedding']): TenantOptions['embedding'] {
  const { provider, model = provider === 'local' ? LOCAL_MODEL : undefined, dimensions } = embedding;
  return { ...resolveProvider(embedding), model, dimensions };
}

function resolveProvider({ provider, model, endpoint, secretRef }: Providers['extraction']): Provider {
  const secret = secretRef && { name: secretRef.name, key: secretRef.key };
  return { provider, model, endpoint, secret };
}

function resolveKeeper(memory: Providers['memory']): TenantOptions['memoryKeeper'] {
  const { provider, endpoint, secretRef, organization, project } = memory;
  if (provider === 'builtin') return undefined;
  return {
    provider,
    endpoint,
    secret: secretRef && { name: secretRef.name, key: secretRef.key },
    organization,
    project,
  };
}

function planeOptions({ plane: { spec }, tenantClass }: ResolveInput) {
  const workload = tenantClass?.spec.workload;
  return {
    keysBucketUrl: bucketUrl(spec.buckets.keys),
    artifactsBucketUrl: artifactsUrl(spec.buckets.artifacts),
    gateway: {
      parentRefs: spec.gateway?.parentRefs ?? [],
      ingressClassName: spec.gateway?.ingressClassName,
      issuerRef: spec.gateway?.issuerRef,
    },
    proxy:
      spec.proxy === undefined ? undefined : { httpsProxy: spec.proxy.httpsProxy, noProxy: spec.proxy.noProxy ?? [] },
    trustBundle:
      spec.trustBundle === undefined
        ? undefined
        : { configMap: spec.trustBundle.configMapRef.name, key: spec.trustBundle.configMapRef.key },
    scheduling: {
      nodeSelector: workload?.nodeSelector ?? {},
      tolerations: workload?.tolerations ?? [],
      priorityClassName: workload?.priorityClassName,
      topologySpread: workload?.topologySpread ?? ('Zone' as const),
    },
  };
}

/** Where the service can keep files. */
const artifactsUrl = (bucket: PlaneBucket | undefined): string | undefined => bucket && bucketUrl(bucket);

function effectiveFacts(options: TenantOptions, tenantClass: MemoryTenantClass | undefined, ring: string): Facts {
  const { minReplicas, maxReplicas } = options.memory;
  return {
    namespace: options.namespace,
    effective: {
      ...(tenantClass === undefined ? {} : { class: tenantClass.metadata.name }),
      ring,
      size: options.size,
      scaling: [{ name: 'memory', minReplicas, maxReplicas }],
      quotaHard: options.quotaHard,
    },
  };
}
