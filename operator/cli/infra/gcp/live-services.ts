import { listed } from '../graph.js';
import { at, numberAt, textAt } from '../rest.js';
import { keyOf, type Readers, reading } from './reading.js';

type Json = Readonly<Record<string, unknown>>;

const texts = (value: unknown, path: string): string | undefined =>
  listed(((at(value, path) ?? []) as readonly unknown[]).map(String));

const each = (value: unknown, path: string): readonly Json[] => (at(value, path) ?? []) as readonly Json[];

export const SERVICES: Readers = {
  topic: reading(
    (name) => `https://pubsub.googleapis.com/v1/${name}`,
    (topic) => ({
      'encryption key': keyOf(topic, 'kmsKeyName'),
      'stays in': texts(topic, 'messageStoragePolicy.allowedPersistenceRegions'),
      'also on its way': at(topic, 'messageStoragePolicy.enforceInTransit') === true,
    }),
  ),
  subscription: reading(
    (name) => `https://pubsub.googleapis.com/v1/${name}`,
    (one) => ({
      // Without a policy it ends after 31 idle days; with an empty one never.
      'ends by itself': at(one, 'expirationPolicy') === undefined || at(one, 'expirationPolicy.ttl') !== undefined,
      'kept for': textAt(one, 'messageRetentionDuration'),
      'put aside after': numberAt(one, 'deadLetterPolicy.maxDeliveryAttempts'),
      'exactly once': at(one, 'enableExactlyOnceDelivery') === true,
    }),
  ),
  secret: reading(
    (name) => `https://secretmanager.googleapis.com/v1/${name}`,
    (secret) => ({
      'encryption keys': listed(
        each(secret, 'replication.userManaged.replicas').map((one) =>
          keyOf(one, 'customerManagedEncryption.kmsKeyName'),
        ),
      ),
      regions: listed(each(secret, 'replication.userManaged.replicas').map((one) => textAt(one, 'location'))),
    }),
  ),
  images: reading(
    (name) => `https://artifactregistry.googleapis.com/v1/${name}`,
    (images) => ({
      'encryption key': keyOf(images, 'kmsKeyName'),
      'tags stay': at(images, 'dockerConfig.immutableTags') === true,
    }),
  ),
  cluster: reading(
    (name) => `https://container.googleapis.com/v1/${name}`,
    (cluster) => ({
      'encryption key':
        textAt(cluster, 'databaseEncryption.state') === 'DECRYPTED'
          ? undefined
          : keyOf(cluster, 'databaseEncryption.keyName'),
      'private nodes': at(cluster, 'privateClusterConfig.enablePrivateNodes') === true,
      public: at(cluster, 'privateClusterConfig.enablePrivateEndpoint') !== true,
      'by name from outside':
        at(cluster, 'controlPlaneEndpointsConfig.dnsEndpointConfig.allowExternalTraffic') === true,
      'signed images': textAt(cluster, 'binaryAuthorization.evaluationMode'),
      'workload pool': textAt(cluster, 'workloadIdentityConfig.workloadPool'),
      groups: textAt(cluster, 'authenticatorGroupsConfig.securityGroup'),
      logs: texts(cluster, 'loggingConfig.componentConfig.enableComponents'),
      'shielded nodes': at(cluster, 'shieldedNodes.enabled') === true,
      'old permissions': at(cluster, 'legacyAbac.enabled') === true,
    }),
  ),
  pool: reading(
    (name) => `https://container.googleapis.com/v1/${name}`,
    (pool) => ({
      'encryption key': keyOf(pool, 'config.bootDiskKmsKey'),
      'metadata of': textAt(pool, 'config.workloadMetadataConfig.mode'),
      'secure boot': at(pool, 'config.shieldedInstanceConfig.enableSecureBoot') === true,
      'boot watched': at(pool, 'config.shieldedInstanceConfig.enableIntegrityMonitoring') === true,
      system: textAt(pool, 'config.imageType'),
      private: at(pool, 'networkConfig.enablePrivateNodes') === true,
      'updates by itself': at(pool, 'management.autoUpgrade') === true,
    }),
  ),
  log: reading(
    (name) => `https://logging.googleapis.com/v2/${name}`,
    (log) => ({
      'encryption key': keyOf(log, 'cmekSettings.kmsKeyName'),
      'kept days': numberAt(log, 'retentionDays'),
      locked: at(log, 'locked') === true,
    }),
  ),
  zone: reading(
    (name) => `https://dns.googleapis.com/dns/v1/${name}`,
    (zone) => ({ domain: textAt(zone, 'dnsName'), signed: textAt(zone, 'dnssecConfig.state') }),
  ),
};
