import { buildKms } from '../../../infra/kms/index.js';
import { withRedisDefaults } from '../../../infra/redis/contract.js';
import { emptyStack, NAMES, SITES, TAGS } from '../sites.js';
import { NOWHERE, redisConfig } from '../units.js';

const purposes = ['data', 'ops'] as const;
const { keys, store } = buildKms(emptyStack(), 'kms', { site: SITES.aws, name: NAMES.aws.keys, purposes, tags: TAGS });
const config = redisConfig('aws', { keys, store }, NOWHERE);

describe('a cache', () => {
  it('has two copies and a week of snapshots unless told otherwise', () => {
    expect(withRedisDefaults(config)).toMatchObject({ replicas: 2, snapshotDays: 7 });
  });

  it.each([
    { given: { replicas: 0 }, says: 'replicas: needs a whole number from 1 to 5 (got 0); set redis.* in the spec' },
    { given: { snapshotDays: 36 }, says: 'snapshotDays: needs a whole number from 1 to 35 (got 36)' },
    { given: { key: keys.ops }, says: 'key: caches have the key of the databases (got "ops"); pass the data key' },
    { given: { logKey: keys.data }, says: 'logKey: logs have a key of their own (got "data"); pass the ops key' },
  ])('is refused: $says', ({ given, says }) => {
    expect(() => withRedisDefaults({ ...config, ...given })).toThrow(`redis memplane-test-redis.${says}`);
  });
});
