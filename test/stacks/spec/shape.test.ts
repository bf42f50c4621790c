import { dev } from '../../../stacks/spec/dev.js';
import { environments } from '../../../stacks/spec/index.js';
import { prod } from '../../../stacks/spec/prod.js';
import { regulated } from '../../../stacks/spec/regulated.js';
import { shapeProblems } from '../../../stacks/spec/shape.js';
import { describe as line } from '../../../stacks/spec/validate.js';

const [aws] = prod;
const said = (given: unknown): readonly string[] => shapeProblems(given, 3).map(line);

describe('the shape of an environment', () => {
  it('is kept by every environment of this repository, as written and with every default', () => {
    for (const one of [...dev, ...prod, ...regulated]) expect(said(one)).toEqual([]);
    // Every field that a default fills may be written: none is forgotten here.
    for (const one of environments) expect(said(one)).toEqual([]);
  });

  it('names every field that is missing, misspelt or of another kind, at once', () => {
    const given = {
      ...aws,
      clusterId: undefined,
      redis: { replica: 2 },
      postgres: { name: 'pg-a' },
      queue: { visibilitySeconds: '300' },
      network: { egress: [{ name: 'acme', cidr: '192.0.2.0/24', ports: ['443'] }] },
      state: { bucket: 'yes' },
    };
    expect(new Set(said(given))).toEqual(
      new Set([
        'aws-prod.clusterId: is missing (got nothing; allowed a text)',
        'aws-prod.redis.replica: no such field (got 2; allowed target, size, instance, replicas, snapshotDays)',
        'aws-prod.postgres: must be a list (got {"name":"pg-a"}; allowed a list)',
        'aws-prod.queue.visibilitySeconds: must be a number (got "300"; allowed a number)',
        'aws-prod.network.egress[0].ports[0]: must be a number (got "443"; allowed a number)',
        'aws-prod.state.bucket: must be true or false (got "yes"; allowed true or false)',
      ]),
    );
  });

  it.each([
    [undefined, 'environments[3]: must be an object (got nothing; allowed an object)'],
    [null, 'environments[3]: must be an object (got null; allowed an object)'],
    [[], 'environments[3]: must be an object (got []; allowed an object)'],
    [{}, 'environments[3].place.cloud: no such cloud (got nothing; allowed aws, gcp, azure)'],
    [
      { place: { cloud: 'toString' } },
      'environments[3].place.cloud: no such cloud (got "toString"; allowed aws, gcp, azure)',
    ],
    [
      { place: { cloud: 'oracle' } },
      'environments[3].place.cloud: no such cloud (got "oracle"; allowed aws, gcp, azure)',
    ],
  ])('%j is none, and is said to be by its place in the list', (given, words) => {
    expect(said(given)).toEqual([words]);
  });

  it('takes fields of the cloud that it is on, and none of another', () => {
    const place = { ...aws?.place, suffix: 'ex4mp1', accountId: undefined };
    expect(said({ ...aws, place })).toEqual([
      'aws-prod.place.accountId: is missing (got nothing; allowed a text)',
      expect.stringMatching(/^aws-prod\.place\.suffix: no such field \(got "ex4mp1"; allowed cloud, region, /),
    ]);
  });

  it('lets anybody add a tag, which is a text', () => {
    expect(said({ ...aws, tags: { ...aws?.tags, team: 'memory' } })).toEqual([]);
    expect(said({ ...aws, tags: { ...aws?.tags, team: 7 } })).toEqual([
      'aws-prod.tags.team: must be a text (got 7; allowed a text)',
    ]);
  });

  it('has no field of what every object has, and never falls over one', () => {
    const given = { ...aws, constructor: { a: 1 }, toString: 1, ...JSON.parse('{"__proto__": {"x": 1}}') };
    const found = said(given);
    expect(found.every((one) => one.includes('no such field'))).toBe(true);
    expect(found).toHaveLength(3);
  });

  it.each([Number.NaN, 5n, Symbol('x'), () => 1])('says of %p what it is', (value) => {
    const circular: Record<string, unknown> = { value };
    circular.self = circular;
    const [wrong] = said({ ...aws, observability: { logDays: value } });
    expect(wrong).toMatch(/^aws-prod\.observability\.logDays: must be a number \(got \S.*; allowed a number\)$/);
    expect(said({ ...aws, circular })[0]).toContain('got something that no file can hold');
  });

  it.each(['$' + '{file("/etc/passwd")}', '%{ for x in y }', 'a$' + '{b}'])(
    'takes no text that Terraform evaluates: %s',
    (owner) => {
      const tags = { ...aws?.tags, owner };
      expect(said({ ...aws, tags })).toEqual([
        expect.stringMatching(/^aws-prod\.tags\.owner: Terraform would evaluate it /),
      ]);
    },
  );
});
