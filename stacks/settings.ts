import type { BucketConfig, BucketOutput, BucketPurpose, Lifecycle, Lock } from '../infra/bucket/index.js';
import type { Key, KeyPurpose, KmsConfig, KmsOutput } from '../infra/kms/index.js';
import type { NetworkConfig, NetworkOutput } from '../infra/network/index.js';
import type { PostgresConfig } from '../infra/postgres/index.js';
import type { QueueConfig } from '../infra/queue/index.js';
import type { RedisConfig } from '../infra/redis/index.js';
import type { RegistryConfig } from '../infra/registry/index.js';
import { providerOf, type Site } from '../infra/support/site.js';
import type { Sites } from './layers/sites.js';
import type { Irreversible } from './outputs.js';
import type { Environment, Postgres } from './spec/environment.js';
import {
  adminSecretName,
  type BucketKind,
  bucketName,
  containerName,
  type KeyStore,
  keyStoreName,
  logTarget,
  postgresName,
  prefixOf,
  queueName,
  redisName,
  registryName,
} from './spec/names.js';
import { instanceOf, POSTGRES_INSTANCES, REDIS_INSTANCES } from './spec/sizes.js';

/** From what the environment says to what a unit takes. A stack adds only what another unit gave out. */
export function bucketSettings(
  environment: Environment,
  site: Site,
  kind: BucketKind,
  purpose: BucketPurpose,
): BucketConfig {
  return {
    site,
    purpose,
    name: bucketName(environment, kind),
    container: containerName(kind),
    tags: environment.tags,
    lock: lockOf(environment, purpose),
    lifecycle: lifecycleOf(environment, purpose),
  };
}

export function kmsSettings<const P extends KeyPurpose>(
  environment: Environment,
  site: Site,
  store: KeyStore,
  purposes: readonly P[],
): KmsConfig<P> {
  return { site, purposes, name: keyStoreName(environment, store), tags: environment.tags, ...environment.kms };
}

/** On Azure the vault keeps the flow logs, beside the access logs of buckets. */
export function networkSettings(environment: Environment, site: Site, key: Key): NetworkConfig {
  const { place, network, tags, waivers, observability } = environment;
  return {
    site,
    key,
    tags,
    ...network,
    name: prefixOf(environment),
    zones: place.zones,
    // Validation has already asked for the waiver's owner and end.
    egressAnywhere: waivers.some(({ rule }) => rule === 'NET-EGRESS-ANY'),
    ...(place.cloud === 'azure' ? { flowLogsTo: logTarget(environment, 'accessLogs') } : {}),
    ...(observability.metrics === 'managed' ? { endpoints: ['aps-workspaces'] } : {}),
  };
}

/** `secondRegion` if the environment wants this server to survive its region. */
export function postgresSettings(
  environment: Environment,
  { here, there }: Sites,
  server: Postgres,
  around: { readonly network: NetworkOutput; readonly kms: KmsOutput<'data' | 'ops'>; readonly keyThere?: Key },
): PostgresConfig {
  const { version, storageGb, maxStorageGb, maxConnections, highlyAvailable, readReplicas, pitrDays } = server;
  const { network, kms, keyThere } = around;
  const provider = there.cloud === 'aws' ? providerOf(there) : {};
  return {
    site: here,
    name: postgresName(environment, server.name),
    tags: environment.tags,
    network,
    zones: environment.place.zones,
    key: kms.keys.data,
    logKey: kms.keys.ops,
    logDays: environment.observability.logDays,
    secretStore: kms.store,
    secretName: adminSecretName(environment, server.name),
    instance: instanceOf(POSTGRES_INSTANCES, environment.place.cloud, server),
    ...{ version, storageGb, maxStorageGb, maxConnections, highlyAvailable, readReplicas, pitrDays },
    adminPasswordVersion: server.adminPasswordVersion,
    maintenance: server.maintenance,
    ...(server.crossRegion && keyThere !== undefined
      ? { secondRegion: { region: there.region, ...provider, key: keyThere } }
      : {}),
  };
}

export function redisSettings(
  environment: Environment,
  site: Site,
  network: NetworkOutput,
  { keys }: KmsOutput<'data' | 'ops'>,
): RedisConfig {
  const { place, redis, tags, observability } = environment;
  return {
    site,
    tags,
    network,
    name: redisName(environment),
    key: keys.data,
    logKey: keys.ops,
    logDays: observability.logDays,
    instance: instanceOf(REDIS_INSTANCES, place.cloud, redis),
    replicas: redis.replicas,
    snapshotDays: redis.snapshotDays,
  };
}

export function queueSettings(
  environment: Environment,
  site: Site,
  network: NetworkOutput,
  { keys }: KmsOutput<'data'>,
): QueueConfig {
  const { queue, tags } = environment;
  const { visibilitySeconds, maxReceives } = queue;
  return { site, tags, network, name: queueName(environment), key: keys.data, visibilitySeconds, maxReceives };
}

export const registrySettings = (environment: Environment, site: Site, key: Key): RegistryConfig => ({
  site,
  key,
  name: registryName(environment),
  tags: environment.tags,
  ...environment.registry,
});

export function lockOf({ buckets }: Environment, purpose: BucketPurpose): Lock {
  if (purpose !== 'audit' && purpose !== 'backups') return { mode: 'None', floorDays: 0, retentionDays: 0 };
  const { lock: mode, floorDays, retentionDays } = buckets[purpose];
  return mode === 'None' ? { mode, floorDays: 0, retentionDays: 0 } : { mode, floorDays, retentionDays };
}

function lifecycleOf({ buckets }: Environment, purpose: BucketPurpose): Lifecycle {
  // Keyrings live as long as their tenant, whom the operator alone ends; states as long as the environment.
  return purpose === 'keys' || purpose === 'state' ? {} : buckets[purpose];
}

/** Shown before an apply, because no later apply takes it back. */
export function irreversible(
  { kms }: Environment,
  buckets: readonly BucketOutput[],
  keys: readonly Key[],
): readonly Irreversible[] {
  return [
    ...buckets
      .filter(({ lockDays }) => lockDays > 0)
      .map(({ address, lockDays }) => ({ address, what: `every object stays for at least ${lockDays} days` })),
    ...keys.map(({ address }) => ({
      address,
      what: address.startsWith('google_kms_key_ring.')
        ? 'a key ring is never deleted, and its name never free again'
        : `once destroyed, gone for good after ${kms.deletionWindowDays} days, with all data under it`,
    })),
  ];
}
