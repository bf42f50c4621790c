import type { Environment } from '../spec/environment.js';
import { DAYS_A_MONTH } from './charge.js';
import { dailyGb, HORIZON_DAYS } from './objects.js';

/** What goes on to cost after everything else is destroyed, because no lock can be taken back. */
export interface Locked {
  readonly gb: number;
  /** Until the last record of the first year may go. */
  readonly months: number;
  readonly total: number;
}

/** In both regions, in the archive class, from the end of the first year until each record's own date. */
export function lockedCost(environment: Environment, priceOf: (item: string) => number): Locked {
  const { lock, retentionDays, floorDays } = environment.buckets.audit;
  if (lock !== 'Compliance') return { gb: 0, months: 0, total: 0 };
  // On Google Cloud and Azure the bucket's lock is the floor; the records' own dates are as long.
  const days = Math.max(retentionDays, floorDays);
  const gb = dailyGb(environment, 'audit') * HORIZON_DAYS * 2;
  const months = days / DAYS_A_MONTH;
  return { gb, months, total: gb * Math.max(0, months - HORIZON_DAYS / DAYS_A_MONTH / 2) * priceOf('object/archive') };
}
