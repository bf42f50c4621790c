import type { Environment, Promises } from '../../../stacks/spec/environment.js';
import { environments } from '../../../stacks/spec/index.js';
import { deriveRecovery } from '../../../stacks/spec/recovery.js';
import { describe as describeProblem, validate } from '../../../stacks/spec/validate.js';
import { find } from '../../support/stacks.js';

const minutesOf = (environment: Environment, promise: string): number | undefined =>
  deriveRecovery(environment).find((one) => one.promise === promise)?.minutes;

const promising = (environment: Environment, promises: Partial<Promises>): readonly string[] =>
  validate([{ ...environment, promises: { ...environment.promises, ...promises } }]).map(describeProblem);

describe('what settings give', () => {
  it.each([
    ['aws-prod', 'rpoMinutes.postgresZone', 0],
    ['aws-prod', 'rpoMinutes.postgresRegion', 20],
    ['gcp-prod', 'rpoMinutes.postgresRegion', 10],
    ['azure-prod', 'rpoMinutes.postgresRegion', 75],
    ['aws-prod', 'rpoMinutes.auditRegion', 15],
    ['azure-prod', 'rpoMinutes.auditRegion', 60],
    ['aws-prod', 'rpoMinutes.cache', 1440],
    ['aws-prod', 'rtoMinutes.zone', 2],
    ['aws-prod', 'rtoMinutes.region', 175],
    ['gcp-prod', 'rtoMinutes.region', 80],
    ['azure-prod', 'rtoMinutes.region', 203],
    ['aws-dev', 'rpoMinutes.postgresZone', 5],
    ['aws-dev', 'rpoMinutes.postgresRegion', Number.POSITIVE_INFINITY],
    ['aws-dev', 'rtoMinutes.zone', 30],
    ['aws-dev', 'rtoMinutes.region', Number.POSITIVE_INFINITY],
  ])('%s: %s is %d', (name, promise, minutes) => {
    expect(minutesOf(find(name), promise)).toBe(minutes);
  });

  it('the largest database decides how long a region is away', () => {
    const prod = find('aws-prod');
    const [server] = prod.postgres;
    if (server === undefined) throw new Error('no server');
    const grown = { ...prod, postgres: [server, { ...server, name: 'pg-b', storageGb: 500, maxStorageGb: 500 }] };
    expect(minutesOf(grown, 'rtoMinutes.region')).toBe(575);
  });
});

describe('promises', () => {
  it('of every environment are kept', () => {
    expect(validate(environments)).toEqual([]);
  });

  it('that are tighter than the settings are refused, each with path, value and what is allowed', () => {
    const rpoMinutes = { postgresZone: 0, postgresRegion: 5, auditRegion: 1 };
    expect(promising(find('aws-prod'), { rpoMinutes, rtoMinutes: { zone: 1, region: 60 } })).toEqual([
      'aws-prod.promises.rpoMinutes.postgresRegion: promised 5 min, settings give 20 (automated backup replication) (got 5; allowed 20 or more)',
      expect.stringContaining('aws-prod.promises.rpoMinutes.auditRegion: promised 1 min, settings give 15'),
      expect.stringContaining('aws-prod.promises.rtoMinutes.zone: promised 1 min, settings give 2 (fail-over)'),
      expect.stringContaining('allowed 175 or more, or more and smaller servers'),
    ]);
  });

  it('of what would be lost are refused with the setting that would keep it', () => {
    const rpoMinutes = { postgresZone: 0, postgresRegion: 60 };
    expect(promising(find('gcp-dev'), { rpoMinutes, rtoMinutes: { zone: 60, region: 240 } })).toEqual([
      expect.stringContaining(
        'postgresZone: promised 0 min, settings give 5 (point-in-time recovery: one copy in one zone)',
      ),
      expect.stringContaining('(got 60; allowed null, which promises nothing, or postgres[].crossRegion true)'),
      expect.stringContaining(
        'rtoMinutes.region: promised 240 min, settings give none (not everything is in the second region)',
      ),
    ]);
  });

  it('are numbers of what there is', () => {
    const odd = { postgresZone: Number.NaN, moon: 1 } as Promises['rpoMinutes'];
    expect(promising(find('aws-prod'), { rpoMinutes: odd })).toEqual([
      expect.stringContaining('postgresZone: not a number of minutes'),
      expect.stringContaining(
        'rpoMinutes.moon: not something that is promised (got 1; allowed rpoMinutes.postgresZone, ',
      ),
    ]);
  });

  it('may be left out', () => {
    expect(promising(find('aws-dev'), { rpoMinutes: { postgresZone: 5 }, rtoMinutes: { zone: 30 } })).toEqual([]);
  });
});

it('prices: a book that is not there, another currency and impossible assumptions are refused at once', () => {
  const prices = { book: '2020-01-01', currency: 'CHF' as 'EUR', assumptions: { tenants: 0, ingestGbPerDay: -1 } };
  const dev = find('aws-dev');
  const wrong = { ...dev, prices, promises: { ...dev.promises, monthlyBudget: 0 } };
  expect(validate([wrong]).map(({ path }) => path)).toEqual([
    'aws-dev.prices.book',
    'aws-dev.prices.currency',
    'aws-dev.prices.assumptions.tenants',
    'aws-dev.prices.assumptions.ingestGbPerDay',
    'aws-dev.promises.monthlyBudget',
  ]);
});
