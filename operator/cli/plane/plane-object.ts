import { API_VERSION } from '../../../charts/manifests/names.js';
import type { K8sObject } from '../../../charts/manifests/object.js';
import type { PlaneOutputs } from './outputs-schema.js';
import { TRUST } from './trust.js';

/** What outputs cannot know: decisions of the platform team. */
export interface PlaneChoices {
  readonly name: string;
  readonly rings: readonly { readonly name: string; readonly version: string }[];
  readonly gateways: readonly { readonly name: string; readonly namespace: string; readonly sectionName?: string }[];
  readonly ingressClassName?: string;
  readonly issuer?: string;
  readonly pullSecrets: readonly string[];
  /** Somebody copies the ConfigMap of certificates into every tenant's namespace. */
  readonly trustBundle: boolean;
  /** Where the vector store answers, once its chart is installed. */
  readonly qdrantUrl?: string;
  /** PEM that verifies servers whose certificates the cloud's own public authority signs. */
  readonly caBundle?: string;
}

const BUCKET_PROVIDERS = { aws: 's3', gcp: 'gcs', azure: 'azure' } as const;
const MODES = { shared: 'Shared', perTenant: 'PerTenant' } as const;
const REDIS_AUTH = { iam: 'IAM', entra: 'Entra', none: 'None' } as const;

/** The image's name below the registry: the stacks make the repository, CI fills it. */
const IMAGE = 'memplane';

export const adminSecretOf = (server: string): string => `${server}-admin`;

export function buildPlaneObject(outputs: PlaneOutputs, choices: PlaneChoices): K8sObject {
  const { clusterID, baseDomain, redis, registry, storageClass, queue } = outputs;
  const { rings, pullSecrets, trustBundle } = choices;
  return {
    apiVersion: API_VERSION,
    kind: 'MemoryPlane',
    metadata: { name: choices.name },
    spec: {
      clusterID,
      baseDomain,
      postgres: outputs.postgres.map((server) => buildPostgres(server, choices)),
      ...buildQdrant(outputs, choices),
      ...(redis.length === 0 ? {} : { redis: redis.map(buildRedis) }),
      buckets: buildBuckets(outputs),
      kms: buildKms(outputs),
      identity: buildIdentity(outputs),
      ...(queue === undefined ? {} : { queue: { provider: queue.provider, url: queue.url } }),
      ...buildGateway(choices, outputs),
      image: {
        service: `${registry.replace(/\/+$/, '')}/${IMAGE}`,
        ...(pullSecrets.length === 0 ? {} : { pullSecretRefs: pullSecrets.map((name) => ({ name })) }),
      },
      rings,
      storageClassName: storageClass.name,
      ...(trustBundle ? { trustBundle: { configMapRef: { name: TRUST.configMap, key: TRUST.key } } } : {}),
    },
  };
}

function buildPostgres(server: PlaneOutputs['postgres'][number], { caBundle }: PlaneChoices) {
  const { name, host, port, readHosts, pooler, maxConnections, capacity, ca } = server;
  const signed = ca !== 'public' || caBundle !== undefined;
  return {
    name,
    host,
    port,
    tls: { mode: 'VerifyFull', ...(signed ? { caSecretRef: { name: TRUST.secretOf(name), key: TRUST.key } } : {}) },
    adminSecretRef: { name: adminSecretOf(name) },
    ...(readHosts.length === 0 ? {} : { readHosts }),
    pooler,
    maxConnections,
    capacity,
  };
}

const buildRedis = ({ name, host, port, auth }: PlaneOutputs['redis'][number]) => ({
  name,
  url: `rediss://${host.includes(':') ? `[${host}]` : host}:${port}`,
  auth: REDIS_AUTH[auth],
});

/** Named one by one: outputs may grow, the resource takes what it knows. */
function buildKms({ cloud, kms }: PlaneOutputs) {
  const { mode, keyID, replicaKeyID, anchorKeyID, objectsKeyID, protection, rotationDays, deletionWindowDays } = kms;
  const made = defined({ protection, rotationDays, deletionWindowDays });
  return { provider: cloud, mode: MODES[mode], ...made, keyID, replicaKeyID, anchorKeyID, objectsKeyID };
}

const PURPOSES = ['keys', 'keysReplica', 'artifacts', 'backups', 'backupsReplica', 'audit', 'auditReplica'] as const;

function buildQdrant({ qdrant: { shards, replicationFactor } }: PlaneOutputs, { qdrantUrl }: PlaneChoices) {
  return qdrantUrl === undefined ? {} : { qdrant: [{ name: 'q-a', url: qdrantUrl, shards, replicationFactor }] };
}

function buildBuckets({ cloud, buckets }: PlaneOutputs) {
  const provider = BUCKET_PROVIDERS[cloud];
  return Object.fromEntries(
    PURPOSES.flatMap((purpose) => {
      const bucket = buckets[purpose];
      if (bucket === undefined) return [];
      const { name, region, endpoint } = bucket;
      return [[purpose, { provider, name, region, ...(endpoint === '' ? {} : { endpoint }) }]];
    }),
  );
}

function buildIdentity({ cluster, identity, kms, region }: PlaneOutputs) {
  const { provider, roles, workloadPool, projectNumber, tenantVault, identityResourceGroup, scopes } = identity;
  const azure = provider === 'aks';
  const aws = provider.startsWith('eks');
  return defined({
    provider,
    tenantRoleARN: aws ? roles.tenant : undefined,
    backupRoleARN: aws ? roles.backup : undefined,
    auditRoleARN: aws ? roles.audit : undefined,
    clusterName: aws ? cluster.name : undefined,
    workloadPool: workloadPool ?? poolOf(kms.keyID),
    projectNumber,
    // Where tenants have a key each, their vault is what the plane's key id names.
    tenantVaultURI: tenantVault ?? (azure ? kms.keyID : undefined),
    resourceGroup: identityResourceGroup,
    issuerURL: azure ? cluster.issuer : undefined,
    unwrapRoleID: azure ? roles.unwrap : undefined,
    location: azure ? region : undefined,
    tenantRoles: aws ? undefined : rolesOf(roles),
    scopes: scopes && scopesOf(scopes),
  });
}

const rolesOf = ({ keyringUse, artifactsUse, auditAppend }: PlaneOutputs['identity']['roles']) =>
  defined({ keyringUse, artifactsUse, auditAppend });

const scopesOf = ({ tenantVault, keys, artifacts, audit }: NonNullable<PlaneOutputs['identity']['scopes']>) =>
  defined({ tenantVault, keys, artifacts, audit });

/** Google Cloud has one pool a project, named after it. */
const poolOf = (keyID: string): string | undefined => {
  const project = /^projects\/([^/]+)\//.exec(keyID)?.[1];
  return project === undefined ? undefined : `${project}.svc.id.goog`;
};

/** Where there is no way in, there is nothing to certify either, unless somebody says so. */
function buildGateway({ gateways, ingressClassName, issuer }: PlaneChoices, { edge }: PlaneOutputs) {
  const known = gateways.length > 0 || ingressClassName !== undefined ? edge?.issuer.name : undefined;
  const certifier = issuer ?? known;
  const gateway = defined({
    parentRefs: gateways.length === 0 ? undefined : gateways,
    ingressClassName,
    issuerRef: certifier === undefined ? undefined : { name: certifier },
  });
  return Object.keys(gateway).length === 0 ? {} : { gateway };
}

const defined = (fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
