import { type Estimate, estimate } from '../../../stacks/cost/estimate.js';
import { storedAfterAYear } from '../../../stacks/cost/objects.js';
import { buildCostMarkdown, buildCostTable } from '../../../stacks/cost/report.js';
import { bookDates, readBook } from '../../../stacks/prices/book.js';
import type { Environment } from '../../../stacks/spec/environment.js';
import { environments } from '../../../stacks/spec/index.js';
import { reviewedStacks } from '../../support/reviewed-stacks.js';
import { find } from '../../support/stacks.js';

const stacks = [...reviewedStacks()].map(([name, json]) => ({ name, json }));
const nameOf = ({ name, place }: Environment): string => `${place.cloud}-${name}`;
const estimateOf = (environment: Environment, given = stacks): Estimate =>
  estimate(
    environment,
    given.filter(({ name }) => name.startsWith(`${nameOf(environment)}-`)),
  );
const quantity = ({ lines }: Estimate, item: string): number =>
  lines.filter((line) => line.item === item).reduce((sum, line) => sum + line.quantity, 0);

describe.each(environments.map((one) => [nameOf(one), one] as const))('the estimate of %s', (_, environment) => {
  const made = estimateOf(environment);

  it('has a price of everything, and says of every type whether it costs', () => {
    expect(made.problems).toEqual([]);
    expect(made.unpriced).toEqual([]);
    expect(made.lines.every(({ quantity: of, monthly }) => Number.isFinite(of) && of > 0 && monthly >= 0)).toBe(true);
  });

  it('adds up, and grows when everything is scaled out', () => {
    const sum = made.lines.reduce((total, line) => total + line.quantity * line.price, 0);
    expect(made.monthly).toBeCloseTo(sum, 6);
    expect(made.monthlyAtMost).toBeGreaterThan(made.monthly);
  });
});

describe('quantities come from what is synthesised', () => {
  const prod = estimateOf(find('aws-prod'));

  it('two zones and a replica are three machines and three disks', () => {
    expect(quantity(prod, 'postgres/db.r6g.large')).toBe(3 * 730);
    expect(quantity(prod, 'postgres/disk')).toBe(3 * 100);
    expect(quantity(prod, 'redis/cache.r6g.large')).toBe(3 * 730);
    expect(quantity(prod, 'nat')).toBe(3 * 730);
    expect(quantity(prod, 'cluster')).toBe(730);
  });

  it('the volumes that the cluster makes for the vector store are counted from the settings', () => {
    const { qdrant } = find('aws-prod');
    const more = { ...find('aws-prod'), qdrant: { ...qdrant, diskGb: qdrant.diskGb + 100 } };
    expect(quantity(estimateOf(more), 'disk/gp3') - quantity(prod, 'disk/gp3')).toBe(qdrant.nodes * 100);
  });

  it('an instance that grows costs more, a service that is left out costs nothing', () => {
    const changed = structuredClone(stacks.filter(({ name }) => name === 'aws-prod-plane'));
    const [plane] = changed;
    if (plane === undefined) throw new Error('no plane');
    const { resource } = plane.json;
    for (const one of Object.values(resource.aws_db_instance ?? {})) one.instance_class = 'db.r6g.2xlarge';
    delete resource.aws_nat_gateway;
    const larger = estimateOf(find('aws-prod'), changed);
    expect(quantity(larger, 'postgres/db.r6g.2xlarge')).toBe(3 * 730);
    expect(quantity(larger, 'nat')).toBe(0);
  });

  it('each tenant has a key of its own where the cloud needs one', () => {
    const twice = (name: string): number => {
      const one = find(name);
      const assumptions = { ...one.prices.assumptions, tenants: one.prices.assumptions.tenants * 2 };
      const more = estimateOf({ ...one, prices: { ...one.prices, assumptions } });
      const ofKeys = ({ lines }: Estimate) =>
        lines.filter(({ item }) => /^key(?!\/requests)/.test(item)).reduce((total, { monthly }) => total + monthly, 0);
      return ofKeys(more) - ofKeys(estimateOf(one));
    };
    expect(twice('aws-prod')).toBe(0);
    expect(twice('gcp-prod')).toBeGreaterThan(1_000);
    expect(twice('azure-prod')).toBeGreaterThan(1_000);
  });

  it('what is locked goes on costing, and development locks nothing for good', () => {
    expect(prod.locked).toMatchObject({ gb: 50 * 0.1 * 365 * 2, total: expect.any(Number) });
    expect(prod.locked.total).toBeGreaterThan(0);
    expect(estimateOf(find('aws-dev')).locked.total).toBe(0);
  });
});

it('a type that nobody priced and an item that the book lacks are named', () => {
  const [plane] = structuredClone(stacks.filter(({ name }) => name === 'aws-dev-plane'));
  if (plane === undefined) throw new Error('no plane');
  plane.json.resource.aws_quantum_computer = { one: {} };
  for (const one of Object.values(plane.json.resource.aws_db_instance ?? {})) one.instance_class = 'db.x99.huge';
  const made = estimateOf(find('aws-dev'), [plane]);
  expect(made.unpriced).toEqual(['aws_quantum_computer']);
  expect(made.problems).toEqual([
    'prices.book aws-2026-11-01 has no price of postgres/db.x99.huge (aws-dev-plane: aws_db_instance.pg_pg-a)',
  ]);
});

it('a region costs by its own factor, and keys the same everywhere', () => {
  const dev = find('aws-dev');
  const there = { ...dev, place: { ...dev.place, region: 'sa-east-1' } } as Environment;
  const costOf = (one: Environment, item: string): number =>
    estimateOf(one)
      .lines.filter((line) => line.item === item && line.stack.endsWith('plane'))
      .at(0)?.price ?? 0;
  expect(costOf(there, 'cluster')).toBeCloseTo(costOf(dev, 'cluster') * 1.33, 9);
  expect(costOf(there, 'key')).toBe(costOf(dev, 'key'));
  expect(buildCostTable([estimateOf(there)])[1]).toMatch(/list prices of 2026-11-01, sa-east-1$/);
});

it('what stands in the second region is paid as there', () => {
  const prices = (address: string): number =>
    estimateOf(find('aws-prod')).lines.find((line) => line.address === address && line.item === 'object/standard')
      ?.price ?? 0;
  expect(prices('aws_s3_bucket.audit_replica')).toBeCloseTo(prices('aws_s3_bucket.audit') * 0.93, 9);
});

it('a region of which no book has prices is named, and nothing is made up', () => {
  const dev = find('aws-dev');
  const nowhere = { ...dev, place: { ...dev.place, region: 'xx-none-1' } } as Environment;
  const { problems, lines } = estimateOf(nowhere);
  // What stands in the second region is priced as there.
  expect(lines.filter(({ address }) => !/_replica|replica_/.test(address))).toEqual([]);
  expect(problems[0]).toMatch(/^prices\.book aws-2026-11-01 has no prices of xx-none-1 \(aws-dev-/);
});

it('objects move through the classes of their bucket', () => {
  const audit = { infrequentAfterDays: 30, archiveAfterDays: 365 };
  expect(storedAfterAYear(audit, 2)).toEqual({ standard: 60, infrequent: 670, archive: 0 });
  expect(storedAfterAYear({ archiveAfterDays: 90 }, 1)).toEqual({ standard: 90, infrequent: 0, archive: 275 });
  expect(storedAfterAYear({ expireDays: 30 }, 1)).toEqual({ standard: 30, infrequent: 0, archive: 0 });
  expect(storedAfterAYear({}, 1)).toEqual({ standard: 365, infrequent: 0, archive: 0 });
});

it.each(['aws', 'gcp', 'azure'] as const)('the books of %s are dated, priced and say where they come from', (cloud) => {
  expect(bookDates(cloud).length).toBeGreaterThan(0);
  for (const date of bookDates(cloud)) {
    const book = readBook(cloud, date);
    expect(book).toMatchObject({ cloud, date, source: expect.stringMatching(/\S{3}/), rates: { USD: 1 } });
    for (const [item, { unit, price }] of Object.entries(book.items)) {
      expect([item, unit, price]).toEqual([item, expect.stringMatching(/\S/), expect.any(Number)]);
      expect(price).toBeGreaterThanOrEqual(0);
    }
    expect(book.regions[book.region]?.factor).toBe(1);
    for (const { factor } of Object.values(book.regions)) expect(factor).toBeGreaterThan(0.5);
  }
});

describe('the reports', () => {
  const costs = environments.map((one) => estimateOf(one));

  it('say one line an environment', () => {
    const table = buildCostTable(costs);
    expect(table).toHaveLength(environments.length + 1);
    expect(table[0]).toMatch(/^a month +bootstrap +vault +plane +total +at most +locked$/);
    expect(table[1]).toMatch(
      /^aws-dev +\d+ +\d+ +[\d,]+ +[\d,]+ +[\d,]+ +0 USD, list prices of 2026-11-01, eu-central-1$/,
    );
  });

  it('in euros say euros', () => {
    const aws = find('aws-dev');
    const euros = estimateOf({ ...aws, prices: { ...aws.prices, currency: 'EUR' } });
    expect(euros.monthly).toBeCloseTo(estimateOf(aws).monthly * 0.92, 6);
    expect(buildCostTable([euros])[1]).toContain('EUR');
  });

  it('put what cannot be switched off and what is promised where people read it', () => {
    const promise = { promise: 'rpoMinutes.cache', promised: null, derived: null, because: 'it is in the cluster' };
    const text = buildCostMarkdown(costs, [{ environment: 'aws-dev', promises: [promise] }]);
    expect(text).toContain('Cannot be switched off: 3650 GB of audit records');
    expect(text).toContain('| aws-dev | rpoMinutes.cache | – | no recovery | it is in the cluster |');
    expect(text).not.toMatch(/NaN|undefined|Infinity/);
  });
});
