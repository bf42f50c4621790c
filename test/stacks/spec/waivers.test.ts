import type { Environment, Waiver } from '../../../stacks/spec/environment.js';
import { describe as line, validate } from '../../../stacks/spec/validate.js';
import { WAIVABLE } from '../../../stacks/spec/waivers.js';
import { find, stackOf, synth } from '../../support/stacks.js';

const TODAY = new Date('2026-11-21T12:00:00Z');
const aws = find('aws-prod');

const waiver = (given: Partial<Waiver> = {}): Waiver => ({
  rule: 'PG-HA',
  resource: 'pg_pg-a',
  reason: 'a load test without tenants, until the second quarter',
  owner: 'platform@example.com',
  expires: '2026-12-31',
  ...given,
});

/** Weakened in one place, and with these waivers. */
const single = (waivers: readonly Waiver[], environment: Environment = aws): Environment => ({
  ...environment,
  postgres: environment.postgres.map((one) => ({ ...one, highlyAvailable: false })),
  promises: {
    ...environment.promises,
    rpoMinutes: { ...environment.promises.rpoMinutes, postgresZone: 60 },
    rtoMinutes: { zone: 600 },
  },
  waivers,
});
const problems = (environment: Environment): readonly string[] => validate([environment], TODAY).map(line);

describe('a waiver', () => {
  it('is named by the error that it would answer', () => {
    expect(problems(single([]))).toEqual([
      'aws-prod.postgres[0].highlyAvailable: the loss of a zone would be the loss of the database ' +
        '(got false; allowed true, or a waiver of PG-HA for pg_pg-a)',
    ]);
  });

  it.each(['pg_pg-a', 'pg_*', '*'])('lets one rule be broken, for %s', (resource) => {
    expect(problems(single([waiver({ resource })]))).toEqual([]);
  });

  it('holds on its last day, and not on the next', () => {
    const environment = single([waiver({ expires: '2026-11-21' })]);
    expect(validate([environment], TODAY)).toEqual([]);
    expect(validate([environment], new Date('2026-11-22T00:00:00Z')).map(line)).toEqual([
      expect.stringContaining('postgres[0].highlyAvailable'),
      'aws-prod.waivers[0].expires: waiver expired on 2026-11-21 (got "2026-11-21"; allowed 2026-11-22 to 2027-05-21)',
    ]);
  });

  it.each([
    { given: { rule: 'PG-HAA' }, path: 'waivers[0].rule', says: 'no such rule (got "PG-HAA"; allowed ' },
    { given: { resource: 'pg_other' }, path: 'waivers[0]', says: 'waives nothing: PG-HA holds there' },
    { given: { resource: '' }, path: 'waivers[0].resource', says: 'names nothing' },
    { given: { reason: 'because' }, path: 'waivers[0].reason', says: 'says too little' },
    { given: { owner: 'the team' }, path: 'waivers[0].owner', says: 'somebody must answer for it' },
    { given: { expires: 'soon' }, path: 'waivers[0].expires', says: 'not a day' },
    { given: { expires: '2026-13-01' }, path: 'waivers[0].expires', says: 'not a day' },
    { given: { expires: '2027-06-01' }, path: 'waivers[0].expires', says: 'ends too late' },
  ])('is refused with $given', ({ given, path, says }) => {
    expect(problems(single([waiver(given)]))).toContainEqual(expect.stringContaining(`aws-prod.${path}: ${says}`));
  });

  it('that waives nothing is an error: it would hide the next weakening', () => {
    expect(problems({ ...aws, waivers: [waiver()] })).toEqual([
      expect.stringMatching(/^aws-prod\.waivers\[0\]: waives nothing: PG-HA holds there/),
    ]);
  });

  it('is none for what nobody may waive: audit records are locked', () => {
    const { audit } = aws.buckets;
    const weak = { ...aws, buckets: { ...aws.buckets, audit: { ...audit, lock: 'Governance' as const } } };
    for (const rule of Object.keys(WAIVABLE)) {
      const [first] = problems({ ...weak, waivers: [waiver({ rule, resource: '*' })] });
      expect(first).toMatch(/^aws-prod\.buckets\.audit\.lock: .*allowed Compliance\)$/);
    }
  });

  it('of a rule that is proved as well answers both: what is synthesised has no standby, and no proof fails', () => {
    // The stacks are proved on the day on which they are made.
    const expires = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10);
    const { code, errors, stacks } = synth([single([waiver({ resource: 'pg_pg-a*', expires })])]);
    expect(errors.filter((one) => one.startsWith('error'))).toEqual([]);
    expect(code).toBe(0);
    expect(
      stackOf({ code, errors, out: [], stacks }, 'aws-prod-plane').resource.aws_db_instance?.['pg_pg-a'],
    ).toMatchObject({
      multi_az: false,
    });
  });
});
