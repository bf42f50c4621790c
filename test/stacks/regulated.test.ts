import { withDefaults } from '../../stacks/spec/defaults.js';
import { dev } from '../../stacks/spec/dev.js';
import { prod } from '../../stacks/spec/prod.js';
import { regulated as inputs } from '../../stacks/spec/regulated.js';
import { validate } from '../../stacks/spec/validate.js';
import { stackOf, synth } from '../support/stacks.js';

/** The example, which no environment of the repository is until somebody lists it. */
const regulated = inputs.map(withDefaults);

describe('a regulated environment', () => {
  const synthesised = synth(regulated);

  it('is validated, synthesised and proved without a waiver', () => {
    expect(validate(regulated)).toEqual([]);
    expect(regulated.flatMap(({ waivers }) => waivers)).toEqual([]);
    expect(synthesised.errors.filter((one) => one.startsWith('error'))).toEqual([]);
    expect(synthesised.code).toBe(0);
  });

  it.each(['aws', 'gcp', 'azure'])(
    'keeps on %s logs for seven years, backups for thirty days, and vectors on 500 GB',
    (cloud) => {
      const { buckets, qdrant, observability } = regulated.find(({ place }) => place.cloud === cloud) ?? {};
      expect(buckets?.accessLogs.expireDays).toBe(2557);
      expect(buckets?.backups).toMatchObject({ lock: 'Compliance', floorDays: 30, crossRegion: true });
      expect(qdrant).toMatchObject({ diskGb: 500, snapshotHours: 12 });
      expect(observability?.logDays).toBe(400);
      expect(stackOf(synthesised, `${cloud}-reg-plane`).output.memplane?.value).toMatchObject({
        buckets: { backups: { lockDays: 30 } },
        qdrant: { diskGb: 500, snapshotHours: 12 },
      });
    },
  );

  it.each([
    { what: 'Governance', given: { buckets: { audit: { lock: 'Governance' as const } } }, path: 'buckets.audit.lock' },
    { what: 'a month of audit', given: { buckets: { audit: { floorDays: 30 } } }, path: 'buckets.audit.floorDays' },
    { what: 'software keys', given: { kms: { protection: 'Software' as const } }, path: 'kms.protection' },
    {
      what: 'one vector node',
      given: { qdrant: { nodes: 1 as const, replicationFactor: 1 as const } },
      path: 'qdrant.replicationFactor',
    },
    { what: 'a public API server', given: { cluster: { publicEndpoint: true } }, path: 'cluster.publicEndpoint' },
    { what: 'a month of logs', given: { observability: { logDays: 30 } }, path: 'observability.logDays' },
  ])('refuses $what', ({ given, path }) => {
    const [input] = prod;
    if (input === undefined) throw new Error('no environment');
    const found = validate([withDefaults({ ...input, ...given, profile: 'regulated' })]);
    expect(found.map((problem) => problem.path)).toContain(`aws-prod.${path}`);
  });
});

it('development asks for none of it', () => {
  expect(validate(dev.map(withDefaults))).toEqual([]);
});
