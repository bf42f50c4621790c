import { buildKms } from '../../../infra/kms/index.js';
import { withRegistryDefaults } from '../../../infra/registry/contract.js';
import { emptyStack, NAMES, SITES, TAGS } from '../sites.js';

const purposes = ['objects', 'data'] as const;
const { keys } = buildKms(emptyStack(), 'kms', { site: SITES.aws, name: NAMES.aws.keys, purposes, tags: TAGS });
const config = { site: SITES.aws, name: 'memplane-test', tags: TAGS, key: keys.objects };

describe('a registry', () => {
  it('keeps untagged layers for two weeks unless told otherwise', () => {
    expect(withRegistryDefaults(config).untaggedDays).toBe(14);
  });

  it.each([
    {
      given: { untaggedDays: 0 },
      says: 'untaggedDays: needs a whole number from 1 to 365 (got 0); set registry.* in the spec',
    },
    { given: { key: keys.data }, says: 'key: images have the key of objects (got "data"); pass the objects key' },
  ])('is refused: $says', ({ given, says }) => {
    expect(() => withRegistryDefaults({ ...config, ...given })).toThrow(`registry memplane-test.${says}`);
  });
});
