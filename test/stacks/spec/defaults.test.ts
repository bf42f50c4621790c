import { contains, parseCidr } from '../../../stacks/spec/cidr.js';
import { DEFAULTS, withDefaults } from '../../../stacks/spec/defaults.js';
import { dev } from '../../../stacks/spec/dev.js';
import type { EnvironmentInput } from '../../../stacks/spec/environment.js';
import { validate } from '../../../stacks/spec/validate.js';

const liesIn = (part: string, whole: string): boolean => {
  const [a, b] = [parseCidr(part), parseCidr(whole)];
  return a !== undefined && b !== undefined && contains(b, a);
};

const [input] = dev as readonly [EnvironmentInput];

describe('defaults', () => {
  it.each(['dev', 'prod', 'regulated'] as const)('of %s are valid as they are', (profile) => {
    expect(validate([withDefaults({ ...input, profile })])).toEqual([]);
  });

  it('keep the neighbours of a field that is given', () => {
    const { network, buckets, kms } = withDefaults({
      ...input,
      profile: 'prod',
      buckets: { audit: { retentionDays: 4000 }, artifacts: { noncurrentDays: 14 } },
      kms: { rotationDays: 180 },
      network: { endpointCidr: '10.0.6.0/24' },
    });
    expect(network).toEqual({ ...DEFAULTS.prod.network, endpointCidr: '10.0.6.0/24' });
    expect(buckets.audit).toEqual({ ...DEFAULTS.prod.buckets.audit, retentionDays: 4000 });
    expect(buckets.artifacts).toEqual({ archiveAfterDays: 90, noncurrentDays: 14 });
    expect(buckets.backups).toEqual(DEFAULTS.prod.buckets.backups);
    expect(kms).toEqual({ rotationDays: 180, deletionWindowDays: 30, protection: 'Hsm' });
  });

  it.each(['10.20.0.0/16', '192.168.0.0/16', '172.31.0.0/17', '10.77.64.0/18'])(
    'lay the parts of a network where it is: %s',
    (cidr) => {
      const environment = withDefaults({ ...input, network: { cidr } });
      expect(validate([environment])).toEqual([]);
      const { nodeCidrs, controlPlaneCidr } = environment.network;
      expect([...nodeCidrs, controlPlaneCidr].every((one) => liesIn(one, cidr))).toBe(true);
    },
  );

  it('leave a part that is given where it is given', () => {
    const { network } = withDefaults({ ...input, network: { cidr: '10.20.0.0/16', endpointCidr: '10.20.9.0/24' } });
    expect(network).toMatchObject({
      endpointCidr: '10.20.9.0/24',
      dataCidrs: ['10.20.1.0/24', '10.20.2.0/24', '10.20.3.0/24'],
      nodeCidrs: ['10.20.32.0/20', '10.20.48.0/20', '10.20.64.0/20'],
      controlPlaneCidr: '10.20.5.0/28',
    });
  });

  it('lock audit records for seven years, and for at least one, outside dev', () => {
    for (const profile of ['prod', 'regulated'] as const) {
      expect(DEFAULTS[profile].buckets.audit).toMatchObject({
        lock: 'Compliance',
        floorDays: 365,
        retentionDays: 2557,
        infrequentAfterDays: 30,
        archiveAfterDays: 365,
      });
    }
  });

  it('give every server of a list what its entry leaves out, and Azure the sizes that it sells', () => {
    const servers = [{ name: 'pg-a' }, { name: 'pg-b', size: 'large' as const, capacity: 100 }];
    const { postgres } = withDefaults({ ...input, profile: 'prod', postgres: servers });
    expect(
      postgres.map(({ name, size, capacity, pitrDays, storageGb }) => [name, size, capacity, pitrDays, storageGb]),
    ).toEqual([
      ['pg-a', 'medium', 500, 35, 100],
      ['pg-b', 'large', 100, 35, 100],
    ]);
    const azure = dev.find(({ place }) => place.cloud === 'azure');
    expect(azure && withDefaults(azure).postgres).toMatchObject([{ name: 'pg-a', storageGb: 128, maxStorageGb: 256 }]);
  });
});
