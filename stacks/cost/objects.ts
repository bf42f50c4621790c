import { plainId } from '../proofs/terraform-json.js';
import type { Bucket, Environment } from '../spec/environment.js';
import { type Charge, DAYS_A_MONTH, type Priced } from './charge.js';

/** What is kept grows for ever where nothing expires; the figures are those after one year. */
export const HORIZON_DAYS = 365;

type Kind = 'artifacts' | 'backups' | 'audit' | 'accessLogs';

/** A day's share of the ingested GB that ends in each kind: audit events and access logs are about requests. */
const SHARES: Readonly<Record<Kind, number>> = { artifacts: 1, backups: 1, audit: 0.1, accessLogs: 0.05 };

/** An object of ours has about a megabyte, so a GB is a thousand writes. */
const THOUSAND_WRITES_A_GB = 1;

/** Files are read about twice; of what is archived one in a hundred a month. */
const READS_A_WRITE = 2;
const RETRIEVED = 0.01;

export interface Stored {
  readonly standard: number;
  readonly infrequent: number;
  readonly archive: number;
}

export const dailyGb = ({ prices }: Environment, kind: Kind): number =>
  prices.assumptions.ingestGbPerDay * SHARES[kind];

/** GB in each class after a year of `daily` GB, by the rules of the bucket's lifecycle. */
export function storedAfterAYear(bucket: Bucket, daily: number): Stored {
  const days = Math.min(bucket.expireDays ?? HORIZON_DAYS, HORIZON_DAYS);
  const infrequentFrom = Math.min(bucket.infrequentAfterDays ?? bucket.archiveAfterDays ?? days, days);
  const archiveFrom = Math.min(bucket.archiveAfterDays ?? days, days);
  return {
    standard: daily * Math.min(infrequentFrom, archiveFrom),
    infrequent: daily * Math.max(0, archiveFrom - infrequentFrom),
    archive: daily * Math.max(0, days - archiveFrom),
  };
}

const KINDS: Readonly<Record<string, Kind>> = {
  artifacts: 'artifacts',
  artifacts_replica: 'artifacts',
  backups: 'backups',
  backups_replica: 'backups',
  audit: 'audit',
  audit_replica: 'audit',
  access_logs: 'accessLogs',
  access_logs_replica: 'accessLogs',
};

/** A bucket by its name in the stack. Keyrings and states are a few megabytes: nothing to pay. */
export function objectCharges({ resource, environment }: Priced): readonly Charge[] {
  const kind = KINDS[plainId(resource.id)];
  if (kind === undefined) return [];
  const daily = dailyGb(environment, kind);
  const { standard, infrequent, archive } = storedAfterAYear(environment.buckets[kind], daily);
  return [
    { item: 'object/standard', quantity: standard },
    { item: 'object/infrequent', quantity: infrequent },
    { item: 'object/archive', quantity: archive },
    { item: 'object/writes', quantity: daily * DAYS_A_MONTH * THOUSAND_WRITES_A_GB },
    { item: 'object/reads', quantity: daily * DAYS_A_MONTH * READS_A_WRITE },
    { item: 'object/retrieval', quantity: archive * RETRIEVED },
  ].filter(({ quantity }) => quantity > 0);
}

/** What crosses regions in a month, for a replication by its name in the stack. */
export function copiedGb({ resource, environment }: Priced): number {
  const kind = (['artifacts', 'backups'] as const).find((one) => resource.id.startsWith(one)) ?? 'audit';
  return dailyGb(environment, kind) * DAYS_A_MONTH;
}
