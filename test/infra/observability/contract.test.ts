import { buildKms } from '../../../infra/kms/index.js';
import { type ObservabilityConfig, withObservabilityDefaults } from '../../../infra/observability/contract.js';
import { emptyStack, NAMES, SITES, TAGS } from '../sites.js';

const purposes = ['ops', 'data'] as const;
const { keys } = buildKms(emptyStack(), 'kms', { site: SITES.aws, name: NAMES.aws.keys, purposes, tags: TAGS });
const config: ObservabilityConfig = {
  site: SITES.aws,
  name: 'memplane-test',
  tags: TAGS,
  key: keys.ops,
  logDays: 400,
  locked: true,
  databases: [],
  logged: {},
  trail: { bucket: 'logs', watches: [] },
};

describe('observability', () => {
  it('tells nobody unless somebody is named', () => {
    expect(withObservabilityDefaults(config).emails).toEqual([]);
  });

  it.each([
    { given: { key: keys.data }, says: 'logs have a key of their own (got "data"); pass the ops key' },
    { given: { logDays: 0.5 }, says: 'logDays: needs whole days (got 0.5)' },
    { given: { emails: ['on-call'] }, says: 'emails: not an address (got "on-call")' },
  ])('is refused with $says', ({ given, says }) => {
    expect(() => withObservabilityDefaults({ ...config, ...given })).toThrow(says);
  });
});
