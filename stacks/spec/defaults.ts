import type { Buckets, Environment, EnvironmentInput, Kms, Profile, Providers } from './environment.js';

type Defaults = Pick<Environment, 'buckets' | 'kms'>;

const AUDIT_TIERS = { infrequentAfterDays: 30, archiveAfterDays: 365 } as const;

/** Seven years: 7 × 365 days and two leap days. */
const SEVEN_YEARS = 2557;

const DEV: Defaults = {
  buckets: {
    artifacts: { archiveAfterDays: 90, noncurrentDays: 7 },
    backups: { lock: 'None', floorDays: 0, retentionDays: 7, expireDays: 7, noncurrentDays: 1, crossRegion: false },
    audit: { lock: 'Governance', floorDays: 1, retentionDays: 30, ...AUDIT_TIERS },
    accessLogs: { expireDays: 90 },
  },
  kms: { rotationDays: 90, deletionWindowDays: 7, protection: 'Software' },
};

const PROD: Defaults = {
  buckets: {
    artifacts: { archiveAfterDays: 90, noncurrentDays: 7 },
    backups: {
      lock: 'Compliance',
      floorDays: 7,
      retentionDays: 7,
      expireDays: 30,
      noncurrentDays: 1,
      crossRegion: true,
    },
    audit: { lock: 'Compliance', floorDays: 365, retentionDays: SEVEN_YEARS, ...AUDIT_TIERS },
    accessLogs: { expireDays: 400 },
  },
  kms: { rotationDays: 90, deletionWindowDays: 30, protection: 'Hsm' },
};

const REGULATED: Defaults = {
  buckets: {
    ...PROD.buckets,
    artifacts: { archiveAfterDays: 90, noncurrentDays: 30 },
    backups: { ...PROD.buckets.backups, floorDays: 30, retentionDays: 30, expireDays: 30 },
    accessLogs: { expireDays: SEVEN_YEARS },
  },
  kms: PROD.kms,
};

export const DEFAULTS: Readonly<Record<Profile, Defaults>> = { dev: DEV, prod: PROD, regulated: REGULATED };

/** The versions the bindings were made for, and their successors of the same major. */
export const PROVIDERS: Providers = { aws: '~> 6.25', google: '~> 6.50', azurerm: '~> 4.55' };

/** Field by field: who sets one keeps the defaults of its neighbours. */
export function withDefaults(input: EnvironmentInput): Environment {
  const defaults = DEFAULTS[input.profile] ?? DEV;
  const given = input.buckets ?? {};
  const buckets: Buckets = {
    artifacts: { ...defaults.buckets.artifacts, ...given.artifacts },
    backups: { ...defaults.buckets.backups, ...given.backups },
    audit: { ...defaults.buckets.audit, ...given.audit },
    accessLogs: { ...defaults.buckets.accessLogs, ...given.accessLogs },
  };
  const kms: Kms = { ...defaults.kms, ...input.kms };
  return { ...input, buckets, kms, providers: { ...PROVIDERS, ...input.providers } };
}
