import { createHash } from 'node:crypto';
import type { Link } from '../../infra/links/index.js';
import { buildName } from '../../infra/support/naming.js';
import type { AwsPlace, Environment, GcpPlace, Layer } from './environment.js';

/**
 * No value crosses stacks, so both sides derive every name they share from the environment. Pure: the same
 * environment always gives the same names, and the vault's outputs are tested to be what is derived here.
 */
export type BucketKind =
  | 'artifacts'
  | 'artifactsReplica'
  | 'backups'
  | 'backupsReplica'
  | 'audit'
  | 'auditReplica'
  | 'keys'
  | 'keysReplica'
  | 'accessLogs'
  | 'accessLogsReplica'
  | 'state';

/** Azure storage accounts: 24 characters for prefix, environment, kind and suffix together. */
const AZURE_KINDS: Readonly<Record<BucketKind, string>> = {
  artifacts: 'arts',
  artifactsReplica: 'artsr',
  backups: 'bkp',
  backupsReplica: 'bkpr',
  audit: 'audit',
  auditReplica: 'auditr',
  keys: 'keys',
  keysReplica: 'keysr',
  accessLogs: 'logs',
  accessLogsReplica: 'logsr',
  state: 'state',
};

const AZURE_VAULTS: Readonly<Record<KeyStore, string>> = {
  bootstrap: 'b',
  vault: 'v',
  vaultReplica: 'vd',
  plane: 'p',
  planeReplica: 'pd',
  tenants: 't',
  tenantsReplica: 'td',
};

export type KeyStore = 'bootstrap' | 'vault' | 'vaultReplica' | 'plane' | 'planeReplica' | 'tenants' | 'tenantsReplica';

export const prefixOf = (environment: Environment): string => `memplane-${environment.name}`;

export const stackName = (environment: Environment, layer: Layer): string =>
  `${environment.place.cloud}-${environment.name}-${layer}`;

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const kebab = (text: string): string => text.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

export function bucketName(environment: Environment, kind: BucketKind): string {
  const { place } = environment;
  switch (place.cloud) {
    case 'aws':
      return buildName('aws', 'bucket', [prefixOf(environment), kebab(kind), place.accountId]);
    case 'gcp':
      return buildName('gcp', 'bucket', [prefixOf(environment), kebab(kind), place.projectNumber]);
    case 'azure':
      return buildName('azure', 'bucket', [`mp${environment.name}`, AZURE_KINDS[kind], place.suffix]);
  }
}

/** Azure: the container in the account; elsewhere nobody looks at it. */
export const containerName = (kind: BucketKind): string => AZURE_KINDS[kind];

/** What the data plane calls a bucket, and where it finds it. */
export function bucketAddress(environment: Environment, kind: BucketKind) {
  const account = bucketName(environment, kind);
  const { place } = environment;
  const region = kind.endsWith('Replica') ? place.replicaRegion : place.region;
  if (place.cloud !== 'azure') return { name: account, region, endpoint: '' };
  return { name: containerName(kind), region, endpoint: `https://${account}.blob.core.windows.net/` };
}

/** What `logsTo` of a bucket takes, from a stack that does not hold the access-log bucket. */
export function logTarget(environment: Environment, kind: 'accessLogs' | 'accessLogsReplica'): string {
  return environment.place.cloud === 'azure' ? accountId(environment, kind) : bucketName(environment, kind);
}

/** Azure: resource id of an account of the vault. */
function accountId(environment: Environment, kind: BucketKind): string {
  return `${vaultGroupId(environment)}/providers/Microsoft.Storage/storageAccounts/${bucketName(environment, kind)}`;
}

function vaultGroupId(environment: Environment): string {
  const { place } = environment;
  const subscription = place.cloud === 'azure' ? place.subscriptionId : '';
  return `/subscriptions/${subscription}/resourceGroups/${resourceGroup(environment, 'vault')}`;
}

/** What pods use of the vault, each by the resource id that it has there. Only Azure links one by one. */
export function vaultLinks(environment: Environment): readonly Link[] {
  if (environment.place.cloud !== 'azure') return [];
  const vault = (name: string, store: KeyStore): Link => ({
    name,
    kind: 'Keys',
    id: `${vaultGroupId(environment)}/providers/Microsoft.KeyVault/vaults/${keyStoreName(environment, store)}`,
  });
  const buckets: readonly BucketKind[] = ['audit', 'auditReplica', 'keys', 'keysReplica'];
  return [
    ...buckets.map((kind): Link => ({ name: kebab(kind), kind: 'Objects', id: accountId(environment, kind) })),
    vault('anchor-vault', 'vault'),
    vault('tenants-vault', 'tenants'),
  ];
}

export function keyStoreName(environment: Environment, store: KeyStore): string {
  const { place } = environment;
  switch (place.cloud) {
    case 'aws':
      return buildName('aws', 'keyStore', [prefixOf(environment)]);
    case 'gcp':
      return buildName('gcp', 'keyStore', [prefixOf(environment), store.replace('Replica', '')]);
    case 'azure':
      return buildName('azure', 'keyStore', [`mp-${environment.name}`, AZURE_VAULTS[store], place.suffix]);
  }
}

/** Azure: where a vault answers. */
export const keyVaultUrl = (environment: Environment, store: KeyStore): string =>
  `https://${keyStoreName(environment, store)}.vault.azure.net/`;

/** A key by the name under which it is found without state: alias ARN, resource name, or URL. */
export function keyId(environment: Environment, store: KeyStore, key: string): string {
  const { place } = environment;
  const name = keyStoreName(environment, store);
  const region = store.endsWith('Replica') ? place.replicaRegion : place.region;
  switch (place.cloud) {
    case 'aws':
      return `arn:${place.partition}:kms:${region}:${place.accountId}:alias/${name}-${key}`;
    case 'gcp':
      return `${ringId(place, region, name)}/cryptoKeys/${key}`;
    case 'azure':
      return `${keyVaultUrl(environment, store)}keys/${key}`;
  }
}

/** What a permission of the plane is granted on, of a bucket that the vault holds: ARN, name, or id of the container. */
export function bucketScope(environment: Environment, kind: BucketKind): string {
  const { place } = environment;
  switch (place.cloud) {
    case 'aws':
      return `arn:${place.partition}:s3:::${bucketName(environment, kind)}`;
    case 'gcp':
      return bucketName(environment, kind);
    case 'azure':
      return `${accountId(environment, kind)}/blobServices/default/containers/${containerName(kind)}`;
  }
}

/** The same of a key, or of what holds tenants': alias, resource name, or id of key or vault. */
export function keyScope(environment: Environment, store: KeyStore, key: string): string {
  const { place } = environment;
  const name = keyStoreName(environment, store);
  const tenants = store === 'tenants' || store === 'tenantsReplica';
  switch (place.cloud) {
    case 'aws':
      return `alias/${name}-${key}`;
    case 'gcp':
      return tenants ? tenantKeyId(environment, store) : keyId(environment, store, key);
    case 'azure': {
      const vault = `${vaultGroupId(environment)}/providers/Microsoft.KeyVault/vaults/${name}`;
      return tenants ? vault : `${vault}/keys/${key}`;
    }
  }
}

/** Where tenants' keys come from: AWS one shared key, elsewhere the ring or vault that holds one a tenant. */
export function tenantKeyId(environment: Environment, store: 'tenants' | 'tenantsReplica'): string {
  const { place } = environment;
  const name = keyStoreName(environment, store);
  const region = store === 'tenants' ? place.region : place.replicaRegion;
  switch (place.cloud) {
    case 'aws':
      return keyId(environment, store, 'tenant');
    case 'gcp':
      return ringId(place, region, name);
    case 'azure':
      return keyVaultUrl(environment, store);
  }
}

const ringId = (place: GcpPlace, region: string, name: string): string =>
  `projects/${place.projectId}/locations/${region}/keyRings/${name}`;

export const rolePath = (environment: Environment): string => `/memplane/${environment.name}/`;

/** Names of roles are unique in an account whatever their path, so the prefix is in the name as well. */
export function roleArn(environment: Environment, place: AwsPlace, role: string): string {
  const name = buildName('aws', 'role', [prefixOf(environment), role]);
  return `arn:${place.partition}:iam::${place.accountId}:role${rolePath(environment)}${name}`;
}

/** One role for all tenants; where the platform makes one a tenant, whatever begins so. */
export function tenantRole(environment: Environment, place: AwsPlace): string | readonly string[] {
  const { identity, ecs } = environment;
  const inCluster = `${roleArn(environment, place, 'tenant')}${identity.aws === 'Irsa' ? '-*' : ''}`;
  if (ecs === undefined) return inCluster;
  return [inCluster, ...ecs.tenants.map((tenant) => roleArn(environment, place, `ecs-${tenant}`))];
}

/** Logical ids of the cluster itself. */
export const CLUSTER_IDS = { aws: 'eks', gcp: 'gke', azure: 'aks' } as const;

export const clusterName = (environment: Environment): string =>
  buildName(environment.place.cloud, 'cluster', [prefixOf(environment)]);

/** Of a role that the bootstrap makes and the plane assigns: resource name, or role definition. AWS has none. */
export function customRoleId(environment: Environment, role: string): string {
  const { place } = environment;
  switch (place.cloud) {
    case 'aws':
      return '';
    case 'gcp':
      return `projects/${place.projectId}/roles/${buildName('gcp', 'role', ['memplane', capital(environment.name), capital(role)])}`;
    case 'azure': {
      const group = `/subscriptions/${place.subscriptionId}`;
      const guid = guidFrom(`${group}/${prefixOf(environment)}/${role}`);
      return `${group}/providers/Microsoft.Authorization/roleDefinitions/${guid}`;
    }
  }
}

/** Azure names roles by GUID: one that anybody can compute again, in the form of version 8, which is free to choose. */
function guidFrom(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  const variant = '89ab'.charAt(Number.parseInt(hex.charAt(16), 16) % 4);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Who copies from one region to the other: a role on AWS, a prefix of custom roles on Google Cloud. */
export function replicationName(environment: Environment, kind: 'artifacts' | 'audit' | 'backups'): string {
  const prefix = prefixOf(environment);
  switch (environment.place.cloud) {
    case 'aws':
      return buildName('aws', 'role', [prefix, 'replicate', kind]);
    case 'gcp':
      return buildName('gcp', 'role', ['memplane', capital(environment.name), 'Replicate', capital(kind)]);
    case 'azure':
      return buildName('azure', 'role', [prefix, 'replicate', kind]);
  }
}

export const resourceGroup = (environment: Environment, layer: Layer): string => `${prefixOf(environment)}-${layer}`;

/** Azure: unique in the world, hence the suffix. */
export function postgresName(environment: Environment, server: string): string {
  const { place, name } = environment;
  const parts = place.cloud === 'azure' ? [`mp-${name}`, server, place.suffix] : [prefixOf(environment), server];
  return buildName(place.cloud, 'postgres', parts);
}

export function redisName(environment: Environment): string {
  const { place, name } = environment;
  const parts = place.cloud === 'azure' ? [`mp-${name}`, 'redis', place.suffix] : [prefixOf(environment), 'redis'];
  return buildName(place.cloud, 'redis', parts);
}

export function queueName(environment: Environment): string {
  const { place, name } = environment;
  const parts = place.cloud === 'azure' ? [`mp-${name}`, 'queue', place.suffix] : [prefixOf(environment), 'writes'];
  return buildName(place.cloud, 'queue', parts);
}

export function registryName(environment: Environment): string {
  const { place, name } = environment;
  if (place.cloud !== 'azure') return buildName(place.cloud, 'registry', [prefixOf(environment)]);
  return buildName('azure', 'registry', [`mp${name}`, 'images', place.suffix]);
}

/** Where External Secrets finds a server's administrator. */
export function adminSecretName(environment: Environment, server: string): string {
  switch (environment.place.cloud) {
    case 'aws':
      return buildName('aws', 'secret', [`memplane/${environment.name}/${server}/admin`]);
    case 'gcp':
      return buildName('gcp', 'secret', [prefixOf(environment), server, 'admin']);
    case 'azure':
      return buildName('azure', 'secret', [server, 'admin']);
  }
}
