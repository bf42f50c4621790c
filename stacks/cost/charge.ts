import type { Resource, StackJson } from '../proofs/terraform-json.js';
import type { Environment } from '../spec/environment.js';

/** So much of a priced item a month. */
export interface Charge {
  /** Of the price book. */
  readonly item: string;
  readonly quantity: number;
  /** Where it may grow by itself: at its limit. */
  readonly atMost?: number;
}

export interface Priced {
  readonly resource: Resource;
  readonly stack: StackJson;
  readonly environment: Environment;
}

/** What one resource of a type is charged for. */
export type Rule = (priced: Priced) => readonly Charge[];

/** Every type of a cloud: a rule, or nothing to pay. A type that isn't named has no price, and a test fails. */
export interface Tariff {
  readonly rules: Readonly<Record<string, Rule>>;
  readonly free: readonly RegExp[];
}

/** Vendors count so. */
export const HOURS = 730;
const MONTHS_A_YEAR = 12;
export const DAYS_A_MONTH = 30;

export const hourly = (item: string, count = 1, atMost = count): Charge => ({
  item,
  quantity: count * HOURS,
  ...(atMost === count ? {} : { atMost: atMost * HOURS }),
});
export const monthly = (item: string, count = 1): Charge => ({ item, quantity: count });

/** Versions of a key that exist after a year of rotations, the first included. */
export const versionsKept = ({ kms }: Environment): number => 1 + Math.floor(365 / kms.rotationDays);

export const ingestGb = ({ prices }: Environment): number => prices.assumptions.ingestGbPerDay * DAYS_A_MONTH;

/** What is logged of what is ingested: requests and changes are logged, contents never. */
const LOG_SHARE = 0.2;

/** Series of a tenant's pods, and how often each is read. */
const SERIES_A_TENANT = 600;
const SCRAPES_A_MONTH = (HOURS * 3600) / 60;

/** Millions of samples a month. */
export const metricSamples = ({ prices }: Environment): number =>
  (prices.assumptions.tenants * SERIES_A_TENANT * SCRAPES_A_MONTH) / 1e6;

/** Ingested in a month, and kept: the average of the months that retention holds, up to a year. */
export function logCharges(environment: Environment, share = 1): { readonly ingested: number; readonly kept: number } {
  const ingested = ingestGb(environment) * LOG_SHARE * share;
  const months = Math.min(environment.observability.logDays / DAYS_A_MONTH, MONTHS_A_YEAR);
  return { ingested, kept: ingested * months };
}
