import { checkReplication } from '../../../infra/replication/contract.js';
import { AWS, TAGS } from '../sites.js';

const bucket = { name: 'a', endpoint: '', id: 'a', grantOn: 'a', logTarget: 'a', address: 'a', ready: [] };
const key = { purpose: 'audit', id: 'k', pinnedId: 'k', grantOn: 'k', name: 'k', address: 'k', ready: [] } as const;
const config = {
  site: AWS,
  name: 'copy',
  tags: TAGS,
  source: { ...bucket, region: 'eu-central-1', lockDays: 365 },
  sourceKey: key,
  destination: { ...bucket, region: 'eu-west-1', lockDays: 365 },
  destinationKey: key,
};

describe('replication', () => {
  it('goes to another region under a lock that is no weaker', () => {
    expect(() => checkReplication(config)).not.toThrow();
  });

  it('is refused within a region, which it would not outlive', () => {
    const destination = { ...config.destination, region: 'eu-central-1' };
    expect(() => checkReplication({ ...config, destination })).toThrow(
      'the same region as the source (got "eu-central-1")',
    );
  });

  it('is refused into a weaker lock, through which records would be lost', () => {
    const destination = { ...config.destination, lockDays: 7 };
    expect(() => checkReplication({ ...config, destination })).toThrow('lock the destination for at least 365 days');
  });
});
