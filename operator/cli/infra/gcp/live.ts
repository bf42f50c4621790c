import { listed } from '../graph.js';
import { at, numberAt, openRest, textAt } from '../rest.js';
import type { LiveCloud, Target } from '../target.js';
import { endText } from './lifecycle.js';
import { GRANTS } from './live-grants.js';
import { NETWORK } from './live-network.js';
import { SERVICES } from './live-services.js';
import { WATCH } from './live-watch.js';
import { keyOf, type Readers, reading } from './reading.js';

type Json = Readonly<Record<string, unknown>>;

/** Google Cloud through its REST APIs: they are plain JSON, and a client of each would be larger than all of this. */
export function openGcp(token: string, endpoint: string | undefined): LiveCloud {
  const rest = openRest(token, endpoint);
  return {
    about: `Google Cloud${endpoint === undefined ? '' : ` at ${endpoint}`}`,
    async read({ kind, name }: Target, signal) {
      const reader = READERS[kind];
      if (reader === undefined) throw new Error(`nobody reads a ${kind}`);
      return await reader(rest, name, signal);
    },
    close: rest.close,
  };
}

const SQL = 'https://sqladmin.googleapis.com/v1';

const READERS: Readers = {
  ...SERVICES,
  ...WATCH,
  ...GRANTS,
  ...NETWORK,
  key: reading(
    (name) => `https://cloudkms.googleapis.com/v1/${name}`,
    (key) => ({
      state: textAt(key, 'primary.state'),
      usage: textAt(key, 'purpose'),
      protection: textAt(key, 'versionTemplate.protectionLevel'),
      rotation: textAt(key, 'rotationPeriod'),
      'destroyed after': textAt(key, 'destroyScheduledDuration'),
    }),
  ),
  bucket: reading(
    (name) => `https://storage.googleapis.com/storage/v1/b/${encodeURIComponent(name)}?projection=full`,
    (bucket) => ({
      'encryption key': keyOf(bucket, 'encryption.defaultKmsKeyName'),
      'lock seconds': numberAt(bucket, 'retentionPolicy.retentionPeriod'),
      locked: at(bucket, 'retentionPolicy.isLocked') === true,
      'lock a date': textAt(bucket, 'objectRetention.mode') === 'Enabled',
      versioning: at(bucket, 'versioning.enabled') === true,
      'undelete seconds': numberAt(bucket, 'softDeletePolicy.retentionDurationSeconds'),
      'public access': textAt(bucket, 'iamConfiguration.publicAccessPrevention'),
      'one access list': at(bucket, 'iamConfiguration.uniformBucketLevelAccess.enabled') === true,
      'access logged in': textAt(bucket, 'logging.logBucket'),
      ends: listed(((at(bucket, 'lifecycle.rule') ?? []) as readonly Json[]).map(endOf)),
    }),
  ),
  database: reading(
    (name) => {
      const [project, instance] = name.split('/');
      return `${SQL}/projects/${project}/instances/${instance}`;
    },
    (instance) => ({
      'encryption key': keyOf(instance, 'diskEncryptionConfiguration.kmsKeyName'),
      PITR: at(instance, 'settings.backupConfiguration.pointInTimeRecoveryEnabled') === true,
      'PITR days': pitrDays(instance),
      'backups kept': backupsKept(instance),
      availability: textAt(instance, 'settings.availabilityType'),
      'deletion protection': at(instance, 'settings.deletionProtectionEnabled') === true,
      public: at(instance, 'settings.ipConfiguration.ipv4Enabled') === true,
      TLS: textAt(instance, 'settings.ipConfiguration.sslMode'),
      authority: textAt(instance, 'settings.ipConfiguration.serverCaMode'),
      network: textAt(instance, 'settings.ipConfiguration.privateNetwork')?.split('/').at(-1),
      ...flagsOf(instance),
    }),
  ),
  user: reading(
    (name) => `${SQL}/projects/${name.replace('/', '/instances/')}`,
    // A user of the server itself has no type.
    (user) => ({ 'signs in by': textAt(user, 'type') ?? 'BUILT_IN' }),
  ),
  'inner database': reading(
    (name) => `${SQL}/projects/${name.replace('/', '/instances/')}`,
    () => ({ there: true }),
  ),
  cache: reading(
    (name) => `https://memorystore.googleapis.com/v1/${name}`,
    (instance) => ({
      'encryption key': keyOf(instance, 'kmsKey'),
      TLS: textAt(instance, 'transitEncryptionMode'),
      authorization: textAt(instance, 'authorizationMode'),
      'deletion protection': at(instance, 'deletionProtectionEnabled') === true,
      replicas: numberAt(instance, 'replicaCount'),
      'snapshots kept': textAt(instance, 'automatedBackupConfig.retention'),
      'written down as': textAt(instance, 'persistenceConfig.mode'),
      zones: textAt(instance, 'zoneDistributionConfig.mode'),
      ...settingsOf(at(instance, 'engineConfigs')),
    }),
  ),
};

/** A replica shows the defaults of backups that it does not make. */
const backsUp = (instance: Json): boolean => at(instance, 'settings.backupConfiguration.enabled') === true;

const pitrDays = (instance: Json): number | undefined =>
  backsUp(instance) ? numberAt(instance, 'settings.backupConfiguration.transactionLogRetentionDays') : undefined;

const backupsKept = (instance: Json): number | undefined =>
  backsUp(instance)
    ? numberAt(instance, 'settings.backupConfiguration.backupRetentionSettings.retainedBackups')
    : undefined;

const flagsOf = (instance: Json) =>
  Object.fromEntries(
    ((at(instance, 'settings.databaseFlags') ?? []) as readonly Json[]).map(({ name, value }) => [
      `flag ${name}`,
      String(value),
    ]),
  );

const settingsOf = (configs: unknown) =>
  Object.fromEntries(
    Object.entries((configs ?? {}) as Json).map(([name, value]) => [`setting ${name}`, String(value)]),
  );

const endOf = (rule: Json): string =>
  endText({
    what: textAt(rule, 'action.type'),
    class: textAt(rule, 'action.storageClass'),
    age: numberAt(rule, 'condition.age'),
    oldDays: numberAt(rule, 'condition.daysSinceNoncurrentTime'),
    ownDays: numberAt(rule, 'condition.daysSinceCustomTime'),
    live: at(rule, 'condition.isLive') as boolean | undefined,
    prefixes: (at(rule, 'condition.matchesPrefix') ?? []) as readonly string[],
  });
