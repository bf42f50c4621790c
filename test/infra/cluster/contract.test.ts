import { type ClusterConfig, checkPool, withClusterDefaults } from '../../../infra/cluster/contract.js';
import { buildKms } from '../../../infra/kms/index.js';
import { emptyStack, NAMES, SITES, TAGS } from '../sites.js';
import { NOWHERE } from '../units.js';

const purposes = ['cluster', 'disk', 'ops'] as const;
const { keys } = buildKms(emptyStack(), 'kms', { site: SITES.aws, name: NAMES.aws.keys, purposes, tags: TAGS });
const pool = { instance: 'm7g.large', minPerZone: 1, maxPerZone: 2, diskGb: 50 };
const config: ClusterConfig = {
  site: SITES.aws,
  name: 'memplane-test',
  tags: TAGS,
  network: NOWHERE,
  zones: ['a', 'b', 'c'],
  version: '1.33',
  serviceCidr: '172.20.0.0/16',
  podCidr: '10.4.0.0/14',
  key: keys.cluster,
  diskKey: keys.disk,
  logKey: keys.ops,
  logDays: 400,
  pools: { system: pool, services: pool },
  keyStore: '',
  images: { id: '', prefix: '' },
};

describe('a cluster', () => {
  it('answers inside only unless told otherwise', () => {
    expect(withClusterDefaults(config)).toMatchObject({ publicEndpoint: false, apiSourceCidrs: [] });
  });

  it.each([
    { given: { version: 'latest' }, says: 'version: not a version of Kubernetes (got "latest"); name one like 1.33' },
    { given: { key: keys.disk }, says: 'key: a key of another purpose (got "disk"); pass the cluster key' },
    { given: { logKey: keys.disk }, says: 'logKey: a key of another purpose (got "disk"); pass the ops key' },
    { given: { publicEndpoint: true }, says: 'a public API server that everybody reaches (got [])' },
    { given: { apiSourceCidrs: ['0.0.0.0/0'] }, says: 'everybody is not a range (got "0.0.0.0/0")' },
    { given: { pools: { system: pool, services: { ...pool, minPerZone: 3 } } }, says: 'services.minPerZone: needs' },
  ])('is refused with $says', ({ given, says }) => {
    expect(() => withClusterDefaults({ ...config, ...given })).toThrow(says);
  });

  it('has no pool without a node or with a disk that nobody sells', () => {
    expect(() => checkPool('p', { ...pool, minPerZone: 0 })).toThrow('p.minPerZone: needs a whole number from 1 to 2');
    expect(() => checkPool('p', { ...pool, diskGb: 5000 })).toThrow('p.diskGb: needs a whole number from 20 to 4095');
  });
});
