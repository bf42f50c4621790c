import { dev } from '../../../stacks/spec/dev.js';
import { furtherProblems } from '../../../stacks/spec/mend.js';
import { prod } from '../../../stacks/spec/prod.js';
import { labelOf, shapeProblems } from '../../../stacks/spec/shape.js';
import { describe as line } from '../../../stacks/spec/validate.js';

const [aws, gcp, azure] = prod;

/** Everything that is said of an environment, as synthesis says it. */
const said = (given: unknown): readonly string[] => {
  const problems = shapeProblems(given, 3);
  return [...problems, ...furtherProblems(given, problems, labelOf(given, 3))].map(line);
};
const paths = (given: unknown): readonly string[] => said(given).map((one) => one.slice(0, one.indexOf(':')));

const WRONG = {
  network: { dataCidrs: ['10.0.32.0/24', '10.0.2.0/24', '10.0.3.0/24'] },
  buckets: { audit: { lock: 'Governance', floorDays: 30 } },
  qdrant: { size: 'huge' },
};

describe('an environment with a field missing', () => {
  it('is told of everything else as well, at once', () => {
    const { accountId: _, ...place } = (aws?.place ?? {}) as Record<string, unknown>;
    expect(paths({ ...aws, ...WRONG, place: { ...place, region: 'mars-1' } })).toEqual([
      'aws-prod.place.accountId',
      'aws-prod.place.region',
      'aws-prod.network.dataCidrs[0]',
      'aws-prod.qdrant.size',
      'aws-prod.buckets.audit.lock',
      'aws-prod.buckets.audit.floorDays',
    ]);
  });

  it.each([
    ['aws', aws],
    ['gcp', gcp],
    ['azure', azure],
  ] as const)(
    'is told of nothing else where nothing else is wrong: each field of production on %s',
    (_cloud, input) => {
      const given = { ...input } as Record<string, unknown>;
      for (const name of Object.keys(given)) {
        if (name === 'place') continue;
        const { [name]: _gone, ...rest } = given;
        if (shapeProblems(rest, 3).length > 0) expect([name, said(rest).length]).toEqual([name, 1]);
      }
      for (const field of Object.keys(given.place as object)) {
        const { [field]: _gone, ...place } = given.place as Record<string, unknown>;
        expect([field, said({ ...given, place }).length]).toEqual([field, 1]);
      }
    },
  );

  it('is named by its place in the list while it has no name', () => {
    expect(paths({ ...dev[0], name: undefined, ...WRONG })).toEqual([
      'environments[3].name',
      'environments[3].network.dataCidrs[0]',
      'environments[3].qdrant.size',
    ]);
  });

  it('is told of every other waiver and server beside one that lacks a field', () => {
    const waiver = { rule: 'PG-HA', resource: '*', reason: 'long enough', owner: 'a@b.cd', expires: '2020-01-01' };
    const waivers = [waiver, { rule: 'PG-HA' }, { ...waiver, rule: 'NOPE' }, { ...waiver, owner: 'me' }];
    const postgres = [{ name: 'pg-a', size: 'xxl' }, { size: 'small' }, { name: 'PG B' }];
    expect(new Set(paths({ ...aws, waivers, postgres }))).toEqual(
      new Set([
        'aws-prod.waivers[1].resource',
        'aws-prod.waivers[1].reason',
        'aws-prod.waivers[1].owner',
        'aws-prod.waivers[1].expires',
        'aws-prod.postgres[1].name',
        'aws-prod.postgres[0].size',
        'aws-prod.postgres[2].name',
        'aws-prod.waivers[0].expires',
        'aws-prod.waivers[2].rule',
        'aws-prod.waivers[2].expires',
        'aws-prod.waivers[3].owner',
        'aws-prod.waivers[3].expires',
      ]),
    );
  });

  it('is told no more of a part that is of another kind', () => {
    expect(paths({ ...aws, network: { cidr: 7 }, kms: { rotationDays: 'daily' } })).toEqual([
      'aws-prod.network.cidr',
      'aws-prod.kms.rotationDays',
    ]);
  });
});
