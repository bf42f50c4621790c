import { QUEUE_LIMITS } from '../../infra/queue/contract.js';
import { MIRRORED, UNTAGGED_DAYS } from '../../infra/registry/contract.js';
import { type Check, oneOf, range } from './checks.js';
import type { Environment } from './environment.js';
import { REDIS_INSTANCES } from './sizes.js';

export function checkRedis({ profile, place, redis }: Environment): readonly Check[] {
  const { target, size, instance, replicas, snapshotDays } = redis;
  const known = Object.values(REDIS_INSTANCES[place.cloud]);
  return [
    oneOf('redis.target', target, ['managed', 'inCluster']),
    oneOf('redis.size', size, ['small', 'medium', 'large'], 'unsupported size'),
    instance === undefined ? undefined : oneOf('redis.instance', instance, known, 'not in the table of sizes'),
    range('redis.replicas', replicas, 1, 2, 'none to fail over to, or too many'),
    // With one copy, a maintenance leaves none to fail over to.
    profile !== 'dev' && replicas === 1
      ? {
          path: 'redis.replicas',
          value: replicas,
          message: 'too few to survive a zone during maintenance',
          allowed: '2',
          waiver: { rule: 'REDIS-REPLICAS', resource: 'redis' },
        }
      : undefined,
    range('redis.snapshotDays', snapshotDays, 1, 35, 'needs whole days that every vendor keeps'),
  ];
}

export function warnOfRedis({ redis: { target } }: Environment): Check {
  if (target !== 'managed') return undefined;
  const message = 'managed Redis has no ACL a tenant: keys are separated by prefix and sealing only';
  return { path: 'redis.target', value: target, message, allowed: 'inCluster where tenants need their own' };
}

export function checkQueue({ queue }: Environment): readonly Check[] {
  return (['visibilitySeconds', 'maxReceives'] as const).map((field) => {
    const [least, most] = QUEUE_LIMITS[field];
    return range(`queue.${field}`, queue[field], least, most, 'one of the three clouds does not take it');
  });
}

export function checkRegistry({ place, registry: { untaggedDays, mirrors } }: Environment): readonly Check[] {
  const [least, most] = UNTAGGED_DAYS;
  return [
    range('registry.untaggedDays', untaggedDays, least, most, 'one of the three clouds does not take it'),
    ...mirrors.map((host, index) => oneOf(`registry.mirrors[${index}]`, host, MIRRORED[place.cloud] ?? [])),
    new Set(mirrors).size === mirrors.length
      ? undefined
      : { path: 'registry.mirrors', value: mirrors, message: 'one of them twice', allowed: 'each once' },
  ];
}
