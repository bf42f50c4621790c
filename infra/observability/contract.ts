import type { Key } from '../kms/contract.js';
import { refused } from '../support/errors.js';
import type { Site } from '../support/site.js';
import type { Tags } from '../support/tags.js';

/** What an alarm looks at: by its name, which AWS and Google Cloud measure by, and its resource id, which Azure does. */
export interface Watched {
  readonly name: string;
  readonly id: string;
}

export interface WatchedDatabase extends Watched {
  /** As the environment calls it: part of logical ids, which must not change with names. */
  readonly label: string;
  readonly storageGb: number;
  readonly maxConnections: number;
  readonly replicas: readonly Watched[];
}

/** Logs that people read, alarms that wake them, and a trail of who did what to keys and locks. */
export interface ObservabilityConfig<S extends Site = Site> {
  readonly site: S;
  readonly name: string;
  readonly tags: Tags;
  /** The ops key. */
  readonly key: Key;
  readonly logDays: number;
  /** Google Cloud: nobody shortens the days again. */
  readonly locked: boolean;
  /** Azure: logs lie in a cluster of our own, under our key. @default false */
  readonly dedicated?: boolean;
  /** Who is told. @default nobody: alarms are there, and somebody must look */
  readonly emails?: readonly string[];
  readonly databases: readonly WatchedDatabase[];
  readonly cache?: Watched;
  /** Of what was put aside. */
  readonly deadLetters?: Watched;
  /** Azure: further resources whose logs are kept, by a short name. */
  readonly logged: Readonly<Record<string, string>>;
  /** AWS: the bucket of the vault that keeps the trail, and the buckets whose every object is in it. */
  readonly trail: { readonly bucket: string; readonly watches: readonly string[] };
}

export interface ObservabilityOutput {
  /** Where alarms go: topic, channels, or action group. */
  readonly notifies: readonly string[];
}

export interface ResolvedObservability<S extends Site> extends ObservabilityConfig<S> {
  readonly emails: readonly string[];
}

/** The same everywhere: what is full, what lags, what was put aside. */
export const LIMITS = {
  storagePercent: 85,
  connectionsPercent: 90,
  lagSeconds: 300,
  memoryPercent: 80,
} as const;

export function withObservabilityDefaults<S extends Site>(config: ObservabilityConfig<S>): ResolvedObservability<S> {
  const at = `observability ${config.name}`;
  if (config.key.purpose !== 'ops') {
    throw refused(`${at}.key`, config.key.purpose, 'logs have a key of their own', 'pass the ops key');
  }
  if (!Number.isInteger(config.logDays) || config.logDays < 1) {
    throw refused(`${at}.logDays`, config.logDays, 'needs whole days', 'set observability.logDays in the spec');
  }
  for (const email of config.emails ?? []) {
    if (/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(email)) continue;
    throw refused(`${at}.emails`, email, 'not an address', 'set observability.alarmEmails in the spec');
  }
  return { ...config, emails: config.emails ?? [] };
}
