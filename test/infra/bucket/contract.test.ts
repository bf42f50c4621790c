import { type BucketConfig, withBucketDefaults } from '../../../infra/bucket/contract.js';
import { AWS, AZURE, GCP, NAMES, TAGS } from '../sites.js';

const key = {
  purpose: 'audit',
  id: 'key',
  pinnedId: 'key',
  grantOn: 'key',
  name: 'audit',
  address: 'key.audit',
  ready: [],
} as const;
const audit: BucketConfig = { site: AWS, name: NAMES.aws.bucket, purpose: 'audit', tags: TAGS, key, logsTo: 'logs' };

function without<K extends keyof BucketConfig>(config: BucketConfig, field: K): BucketConfig {
  const { [field]: _, ...rest } = config;
  return rest as BucketConfig;
}

describe('a bucket', () => {
  it('is locked for seven years and never less than one if it holds audit records and nothing else is said', () => {
    expect(withBucketDefaults(audit).lock).toEqual({ mode: 'Compliance', floorDays: 365, retentionDays: 2557 });
  });

  it.each(['artifacts', 'keys'] as const)('is not locked if it holds %s', (purpose) => {
    expect(withBucketDefaults({ ...audit, purpose }).lock.mode).toBe('None');
  });

  it('keeps the defaults of its lifecycle when one field is given', () => {
    expect(withBucketDefaults({ ...audit, lifecycle: { archiveAfterDays: 365 } }).lifecycle).toEqual({
      infrequentAfterDays: undefined,
      archiveAfterDays: 365,
      expireDays: undefined,
      noncurrentDays: 7,
      abortUploadsAfterDays: 7,
    });
  });

  it('is named after its purpose inside an account, unless told otherwise', () => {
    expect(withBucketDefaults(without({ ...audit, purpose: 'accessLogs', site: GCP }, 'logsTo')).container).toBe(
      'accesslogs',
    );
    expect(withBucketDefaults({ ...audit, container: 'auditr' }).container).toBe('auditr');
  });

  it.each([
    {
      because: 'a key would survive its destruction',
      config: {
        ...audit,
        purpose: 'keys' as const,
        lock: { mode: 'Compliance' as const, floorDays: 1, retentionDays: 1 },
      },
      says: 'lock: a bucket for keys cannot be locked (got "Compliance")',
    },
    {
      because: 'S3 refuses a locked log target',
      config: {
        ...without(audit, 'key'),
        purpose: 'accessLogs' as const,
        lock: { mode: 'Governance' as const, floorDays: 1, retentionDays: 1 },
      },
      says: 'lock: a bucket for accessLogs cannot be locked',
    },
    { because: 'the vendor’s key is not ours', config: without(audit, 'key'), says: 'every bucket has a key of ours' },
    {
      because: 'the vendor’s key is not ours on Azure either',
      config: without({ ...audit, site: AZURE, purpose: 'accessLogs' }, 'key'),
      says: 'every bucket has a key of ours',
    },
    {
      because: 'S3 delivers no logs there',
      config: { ...audit, purpose: 'accessLogs' as const },
      says: 'S3 does not deliver logs into a KMS bucket (got "audit"); leave it out',
    },
    {
      because: 'an access must be seen',
      config: without(audit, 'logsTo'),
      says: 'logsTo: every access is logged (got nothing)',
    },
    {
      because: 'a lock of no days is none',
      config: { ...audit, lock: { mode: 'Compliance' as const, floorDays: 0, retentionDays: 1 } },
      says: 'lock.floorDays: a lock lasts at least a day (got 0)',
    },
    {
      because: 'the default would undercut the floor',
      config: { ...audit, lock: { mode: 'Compliance' as const, floorDays: 365, retentionDays: 30 } },
      says: 'lock.retentionDays: shorter than floorDays (got 30); name whole days from 365',
    },
    {
      because: 'tiers go one way',
      config: { ...audit, lifecycle: { infrequentAfterDays: 30, archiveAfterDays: 30 } },
      says: 'lifecycle.archiveAfterDays: not after infrequentAfterDays (got 30); name more than 30 days',
    },
    {
      because: 'nothing can expire while it is locked',
      config: { ...audit, lifecycle: { expireDays: 400 } },
      says: 'lifecycle.expireDays: objects would expire while locked (got 400); name at least 2557 days',
    },
  ])('is refused because $because', ({ config, says }) => {
    expect(() => withBucketDefaults(config)).toThrow(says);
  });
});
