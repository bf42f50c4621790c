import type { Key } from '../infra/kms/index.js';
import type { ObservabilityConfig, WatchedDatabase } from '../infra/observability/index.js';
import type { Site } from '../infra/support/site.js';
import type { Environment } from './spec/environment.js';
import { type BucketKind, bucketName, bucketScope, prefixOf, queueName, redisName } from './spec/names.js';

/** Of evidence and keys, where every object that is read or written is recorded. */
const WATCHED = ['audit', 'auditReplica', 'keys', 'keysReplica'] as const satisfies readonly BucketKind[];

export interface WatchedPlane {
  readonly databases: readonly WatchedDatabase[];
  readonly cluster: string;
  readonly keyStore: string;
  readonly registry: string;
  /** As permissions name them; on Azure their resource ids. */
  readonly cache?: string;
  readonly queue?: string;
}

export function observabilitySettings(
  environment: Environment,
  site: Site,
  key: Key,
  { databases, cluster, keyStore, registry, cache, queue }: WatchedPlane,
): ObservabilityConfig {
  const { tags, observability, profile, buckets } = environment;
  return {
    site,
    key,
    tags,
    name: prefixOf(environment),
    logDays: observability.logDays,
    locked: profile !== 'dev' && buckets.audit.lock === 'Compliance',
    emails: observability.alarmEmails,
    dedicated: observability.dedicatedLogs === true,
    databases,
    ...(cache === undefined ? {} : { cache: { name: redisName(environment), id: cache } }),
    ...(queue === undefined ? {} : { deadLetters: { name: deadName(environment), id: queue } }),
    logged: {
      cluster,
      keys: keyStore,
      images: registry,
      ...Object.fromEntries(databases.map(({ label, id }) => [`database_${label.replace(/-/g, '_')}`, id])),
      ...(queue === undefined ? {} : { queue }),
    },
    trail: {
      bucket: bucketName(environment, 'accessLogs'),
      // The trail is of every region, and so are the copies: a keyring is read there as well as here.
      watches: WATCHED.map((kind) => bucketScope(environment, kind)),
    },
  };
}

/** Azure counts them at the namespace. */
const deadName = (environment: Environment): string =>
  environment.place.cloud === 'azure' ? queueName(environment) : `${queueName(environment)}-dead`;
