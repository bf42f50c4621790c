import type { Key } from '../kms/contract.js';
import type { NetworkOutput } from '../network/contract.js';
import { refused } from '../support/errors.js';
import type { Site } from '../support/site.js';
import type { Tags } from '../support/tags.js';

export interface RedisConfig<S extends Site = Site> {
  readonly site: S;
  readonly name: string;
  readonly tags: Tags;
  readonly network: NetworkOutput;
  /** The data key, which encrypts memory that is written down. */
  readonly key: Key;
  /** The ops key, which encrypts slow and engine log on AWS. */
  readonly logKey: Key;
  readonly logDays: number;
  readonly instance: string;
  /** Copies in other zones, one of which takes over by itself. @default 2 */
  readonly replicas?: number;
  /** Days that a daily snapshot is kept; Azure writes down every hour and keeps the last. @default 7 */
  readonly snapshotDays?: number;
}

export interface RedisOutput {
  readonly host: string;
  readonly port: number;
  /** Nobody has a password: pods show a token of their cloud identity, which lives for minutes. */
  readonly auth: 'iam' | 'entra';
  readonly user: string;
  /** `public`, or the certificates of its authority. */
  readonly ca: string;
  /** What a permission to connect is granted on. AWS: group and user, with a space between. */
  readonly grantOn: string;
  readonly address: string;
}

export interface ResolvedRedis<S extends Site> extends RedisConfig<S> {
  readonly replicas: number;
  readonly snapshotDays: number;
}

export function withRedisDefaults<S extends Site>(config: RedisConfig<S>): ResolvedRedis<S> {
  const redis = { ...config, replicas: config.replicas ?? 2, snapshotDays: config.snapshotDays ?? 7 };
  const at = `redis ${redis.name}`;
  if (redis.key.purpose !== 'data') {
    throw refused(`${at}.key`, redis.key.purpose, 'caches have the key of the databases', 'pass the data key');
  }
  if (redis.logKey.purpose !== 'ops') {
    throw refused(`${at}.logKey`, redis.logKey.purpose, 'logs have a key of their own', 'pass the ops key');
  }
  // Five is ElastiCache's limit; without one there is nothing to fail over to.
  for (const [field, most] of [
    ['replicas', 5],
    ['snapshotDays', 35],
  ] as const) {
    const value = redis[field];
    if (Number.isInteger(value) && value >= 1 && value <= most) continue;
    throw refused(`${at}.${field}`, value, `needs a whole number from 1 to ${most}`, 'set redis.* in the spec');
  }
  return redis;
}
