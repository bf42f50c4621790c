import type { ClusterOutput } from '../cluster/contract.js';
import type { Key } from '../kms/contract.js';
import type { NetworkOutput } from '../network/contract.js';
import { refused } from '../support/errors.js';
import type { Site } from '../support/site.js';
import type { Tags } from '../support/tags.js';

/** Namespace and service account of what scrapes, where it is not the cloud's own. */
export const SCRAPER = ['monitoring', 'prometheus'] as const;

/** What counts and measures, kept outside of the cluster that it is about. */
export interface MetricsConfig<S extends Site = Site> {
  readonly site: S;
  readonly name: string;
  readonly tags: Tags;
  readonly cluster: ClusterOutput;
  readonly network: NetworkOutput;
  /** The ops key. */
  readonly key: Key;
  readonly logDays: number;
}

export interface MetricsOutput {
  readonly provider: 'amp' | 'gmp' | 'azure-monitor';
  /** Where Prometheus asks; and on AWS, with `/api/v1/remote_write` behind it, where it writes. */
  readonly endpoint: string;
  /** Of the scraper's service account; empty where the cloud scrapes itself. */
  readonly annotations: Readonly<Record<string, string>>;
}

export function checkMetrics({ name, key, logDays }: MetricsConfig): void {
  if (key.purpose !== 'ops') {
    throw refused(`metrics ${name}.key`, key.purpose, 'metrics have the key of logs', 'pass the ops key');
  }
  if (!Number.isInteger(logDays) || logDays < 1) {
    const remedy = 'set observability.logDays in the spec';
    throw refused(`metrics ${name}.logDays`, logDays, 'needs whole days', remedy);
  }
}
