import { buildKms } from '../../../infra/kms/index.js';
import { withQueueDefaults } from '../../../infra/queue/contract.js';
import { emptyStack, NAMES, SITES, TAGS } from '../sites.js';
import { NOWHERE } from '../units.js';

const purposes = ['data', 'ops'] as const;
const { keys } = buildKms(emptyStack(), 'kms', { site: SITES.aws, name: NAMES.aws.keys, purposes, tags: TAGS });
const config = { site: SITES.aws, name: 'memplane-test-writes', tags: TAGS, network: NOWHERE, key: keys.data };

describe('a queue', () => {
  it('hides a message for five minutes and gives up after five tries unless told otherwise', () => {
    expect(withQueueDefaults(config)).toMatchObject({ visibilitySeconds: 300, maxReceives: 5 });
  });

  it.each([
    {
      given: { visibilitySeconds: 600 },
      says: 'visibilitySeconds: needs a whole number from 10 to 300 (got 600); set queue.* in the spec',
    },
    { given: { maxReceives: 1 }, says: 'maxReceives: needs a whole number from 5 to 100 (got 1)' },
    { given: { key: keys.ops }, says: 'key: messages have the key of the databases (got "ops"); pass the data key' },
  ])('is refused: $says', ({ given, says }) => {
    expect(() => withQueueDefaults({ ...config, ...given })).toThrow(`queue memplane-test-writes.${says}`);
  });
});
