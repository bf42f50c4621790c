import { buildKms } from '../../../infra/kms/index.js';
import { backupHour, withPostgresDefaults } from '../../../infra/postgres/contract.js';
import { emptyStack, NAMES, SITES, TAGS } from '../sites.js';
import { NOWHERE, postgresConfig } from '../units.js';

const stack = emptyStack();
const purposes = ['data', 'ops'] as const;
const { keys } = buildKms(stack, 'kms', { site: SITES.aws, name: NAMES.aws.keys, purposes, tags: TAGS });
const config = postgresConfig('aws', { keys, store: 'store' }, NOWHERE);

describe('a database server', () => {
  it('has a standby, a replica, 35 days of history and Sunday’s maintenance unless told otherwise', () => {
    expect(withPostgresDefaults(config)).toMatchObject({
      highlyAvailable: true,
      readReplicas: 1,
      pitrDays: 35,
      adminPasswordVersion: 1,
      maintenance: { day: 'sun', hour: 3 },
    });
  });

  it.each([
    { hour: 3, backup: '01' },
    { hour: 1, backup: '23' },
    { hour: 0, backup: '22' },
  ])('is backed up at $backup before a maintenance at $hour', ({ hour, backup }) => {
    expect(backupHour({ day: 'sun', hour })).toBe(backup);
  });

  it.each([
    { given: { pitrDays: 3 }, says: 'pitrDays: needs a whole number from 7 to 35 (got 3); set postgres[] in the spec' },
    { given: { maxStorageGb: 50 }, says: 'maxStorageGb: needs a whole number from 100 to 65536 (got 50)' },
    { given: { readReplicas: 0.5 }, says: 'readReplicas: needs a whole number from 0 to 5 (got 0.5)' },
    { given: { adminPasswordVersion: 0 }, says: 'adminPasswordVersion: needs a whole number from 1' },
    { given: { key: keys.ops }, says: 'key: databases have a key of their own (got "ops"); pass the data key' },
    { given: { logKey: keys.data }, says: 'logKey: logs have a key of their own (got "data"); pass the ops key' },
    {
      given: { secondRegion: { region: SITES.aws.region, key: keys.data } },
      says: 'secondRegion: a region does not survive itself (got "eu-central-1"); pass another region',
    },
  ])('is refused: $says', ({ given, says }) => {
    expect(() => withPostgresDefaults({ ...config, ...given })).toThrow(`postgres memplane-test-pg-a.${says}`);
  });
});
