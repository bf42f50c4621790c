import type { BucketOutput } from '../infra/bucket/index.js';
import type { ClusterConfig, ClusterOutput, Pool } from '../infra/cluster/index.js';
import type { EcsConfig } from '../infra/ecs/index.js';
import type { RolesConfig } from '../infra/identity/contract.js';
import type { IdentityConfig } from '../infra/identity/index.js';
import { ROLE_NAMES } from '../infra/identity/roles.js';
import type { KmsOutput } from '../infra/kms/index.js';
import type { NetworkOutput } from '../infra/network/index.js';
import type { QdrantConfig, QdrantOutput } from '../infra/qdrant/index.js';
import type { RegistryOutput } from '../infra/registry/index.js';
import type { AwsSite, Site } from '../infra/support/site.js';
import type { PlaneQdrant, PlaneSecrets } from './outputs.js';
import type { Environment, Pool as PoolSpec } from './spec/environment.js';
import {
  adminSecretName,
  bucketScope,
  clusterName,
  customRoleId,
  keyScope,
  keyVaultUrl,
  logTarget,
  prefixOf,
  registryName,
  resourceGroup,
  tenantKeyId,
} from './spec/names.js';
import { instanceOf, NODE_INSTANCES, QDRANT_INSTANCES, QDRANT_PRESETS } from './spec/sizes.js';

export type PlaneKeys = KmsOutput<'objects' | 'data' | 'disk' | 'cluster' | 'ops'>;

export function clusterSettings(
  environment: Environment,
  site: Site,
  around: { readonly network: NetworkOutput; readonly kms: PlaneKeys; readonly images: RegistryOutput },
): ClusterConfig {
  const { place, cluster, network: ranges, tags, observability } = environment;
  const { keys, store } = around.kms;
  const pool = (spec: PoolSpec): Pool => ({
    instance: instanceOf(NODE_INSTANCES, place.cloud, spec),
    minPerZone: spec.minPerZone,
    maxPerZone: spec.maxPerZone,
    diskGb: spec.diskGb,
  });
  return {
    site,
    tags,
    name: clusterName(environment),
    network: around.network,
    zones: place.zones,
    version: cluster.version,
    serviceCidr: ranges.serviceCidr,
    podCidr: ranges.podCidr,
    key: keys.cluster,
    diskKey: keys.disk,
    logKey: keys.ops,
    logDays: observability.logDays,
    pools: { system: pool(cluster.pools.system), services: pool(cluster.pools.services) },
    keyStore: store,
    images: around.images,
    publicEndpoint: cluster.publicEndpoint,
    apiSourceCidrs: ranges.apiSourceCidrs,
    managedMetrics: observability.metrics === 'managed',
  };
}

/** What the vault holds is named by derivation; what the plane holds, by what its units gave out. */
export function identitySettings(
  environment: Environment,
  site: Site,
  around: {
    readonly cluster: ClusterOutput;
    readonly kms: PlaneKeys;
    readonly artifacts: BucketOutput;
    readonly backups: BucketOutput;
    readonly cache?: string;
    readonly queue?: string;
  },
): IdentityConfig {
  const { identity, place, tags } = environment;
  const { keys, store } = around.kms;
  const ofVault = (kind: 'audit' | 'keys' | 'keysReplica') => ({ grantOn: bucketScope(environment, kind) });
  return {
    site,
    tags,
    name: prefixOf(environment),
    replicaRegion: place.replicaRegion,
    cluster: around.cluster,
    namespaces: namespacesOf(environment),
    tenants: identity.aws === 'Irsa' ? 'ByHand' : 'Sessions',
    buckets: {
      artifacts: around.artifacts,
      backups: around.backups,
      audit: ofVault('audit'),
      keys: ofVault('keys'),
      keysReplica: ofVault('keysReplica'),
    },
    keys: keysFor(environment, keys),
    secrets: {
      store: secretsStore(environment, store),
      names: environment.postgres.map(({ name }) => adminSecretName(environment, name)),
    },
    ...(around.cache === undefined ? {} : { cache: { grantOn: around.cache } }),
    ...(around.queue === undefined ? {} : { queue: { grantOn: around.queue } }),
    roles: roleIds(environment),
  };
}

export function qdrantSettings(
  environment: Environment,
  site: Site,
  around: {
    readonly cluster: ClusterOutput;
    readonly network: NetworkOutput;
    readonly kms: PlaneKeys;
    readonly backups: BucketOutput;
  },
): QdrantConfig {
  const { place, qdrant, tags, identity, profile, buckets } = environment;
  return {
    site,
    tags,
    name: prefixOf(environment),
    cluster: around.cluster,
    nodeSubnets: around.network.nodeSubnets,
    zones: place.zones,
    nodes: qdrant.nodes,
    instance: instanceOf(QDRANT_INSTANCES, place.cloud, qdrant),
    namespace: identity.dataNamespace,
    backups: around.backups,
    key: around.kms.keys.objects,
    keptDays: KEPT_DAYS,
    locked: profile !== 'dev' && buckets.backups.lock === 'Compliance',
    roles: roleIds(environment),
  };
}

/** Of volumes: a week at least, and as long as databases can be restored. */
const KEPT_DAYS = [7, 35] as const;

export function qdrantOutput({ qdrant, identity }: Environment, made: QdrantOutput): PlaneQdrant {
  const { segments, shards, searchesPerSecond } = QDRANT_PRESETS[qdrant.size];
  const { nodes, replicationFactor, diskGb, snapshotHours } = qdrant;
  const { snapshotFolder, nodeSelector, tolerations } = made;
  return {
    ...{ nodes, replicationFactor, diskGb, snapshotHours, snapshotFolder, nodeSelector, tolerations, segments, shards },
    namespace: identity.dataNamespace,
    searchesPerSecond: 2 * searchesPerSecond,
  };
}

/** What only one cloud has to say about identities. */
export function identityExtras(environment: Environment, { federation }: ClusterOutput, artifacts: string) {
  const { place } = environment;
  switch (place.cloud) {
    case 'aws':
      return {};
    case 'gcp':
      return { workloadPool: federation, projectNumber: place.projectNumber };
    case 'azure':
      return {
        tenantVault: tenantKeyId(environment, 'tenants'),
        identityResourceGroup: resourceGroup(environment, 'plane'),
        scopes: {
          tenantVault: keyScope(environment, 'tenants', 'tenant'),
          keys: bucketScope(environment, 'keys'),
          artifacts,
          audit: bucketScope(environment, 'audit'),
        },
      };
  }
}

export function secretsOutput(environment: Environment): PlaneSecrets {
  const { place } = environment;
  switch (place.cloud) {
    case 'aws':
      return { provider: 'secrets-manager', store: place.region };
    case 'gcp':
      return { provider: 'secret-manager', store: place.projectId };
    case 'azure':
      return { provider: 'key-vault', store: keyVaultUrl(environment, 'plane') };
  }
}

const imagesHost = ({ accountId, region, partition }: AwsSite): string =>
  `${accountId}.dkr.ecr.${region}.amazonaws.com${partition === 'aws-cn' ? '.cn' : ''}`;

function keysFor(environment: Environment, { objects, data }: PlaneKeys['keys']): IdentityConfig['keys'] {
  const key = (store: 'vault' | 'tenants' | 'tenantsReplica', name: string) => ({
    grantOn: keyScope(environment, store, name),
  });
  return {
    tenant: key('tenants', 'tenant'),
    tenantReplica: key('tenantsReplica', 'tenant'),
    anchor: key('vault', 'anchor'),
    audit: key('vault', 'audit'),
    keys: key('vault', 'keys'),
    objects,
    data,
  };
}

/** undefined = everything runs in the cluster, as it does unless the environment says otherwise. */
export function ecsSettings(
  environment: Environment,
  site: Site,
  identity: IdentityConfig,
  { network, kms }: { readonly network: NetworkOutput; readonly kms: PlaneKeys },
): EcsConfig | undefined {
  const { ecs, tags, observability, baseDomain, network: ranges } = environment;
  if (ecs === undefined || site.cloud !== 'aws') return undefined;
  const { tenants, cpu, memory, desiredCount, certificateArn, imageDigest } = ecs;
  return {
    ...{ site, tags, network, identity, baseDomain, tenants, cpu, memory, desiredCount, certificateArn },
    name: prefixOf(environment),
    cidr: ranges.cidr,
    key: kms.keys.ops,
    logDays: observability.logDays,
    logsTo: logTarget(environment, 'accessLogs'),
    // Derived, like everything that stands within JSON: a function would not be JSON before it is evaluated.
    image: `${imagesHost(site)}/${registryName(environment)}/memplane@${imageDigest}`,
    secrets: `memplane/${environment.name}/ecs/`,
  };
}

export const namespacesOf = ({ identity }: Environment) => ({
  operator: identity.operatorNamespace,
  data: identity.dataNamespace,
  secrets: identity.secretsNamespace,
});

/** What External Secrets reads from: prefix of the names, project, or vault. */
function secretsStore(environment: Environment, keyStore: string): string {
  const { place } = environment;
  switch (place.cloud) {
    case 'aws':
      return `memplane/${environment.name}/`;
    case 'gcp':
      return place.projectId;
    case 'azure':
      return keyStore;
  }
}

export const roleIds = (environment: Environment): Readonly<Record<string, string>> =>
  Object.fromEntries(ROLE_NAMES[environment.place.cloud].map((role) => [role, customRoleId(environment, role)]));

export const rolesSettings = (environment: Environment, site: Site): RolesConfig => ({
  site,
  name: prefixOf(environment),
  scope: site.cloud === 'azure' ? `/subscriptions/${site.subscriptionId}` : '',
  ids: roleIds(environment),
});
