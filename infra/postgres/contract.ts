import type { TerraformProvider } from 'cdktf';
import type { Key } from '../kms/contract.js';
import type { NetworkOutput } from '../network/contract.js';
import { refused } from '../support/errors.js';
import type { Site } from '../support/site.js';
import type { Tags } from '../support/tags.js';

/** Where the operator makes tenants' databases and schemas from; its Secret names this user and no database. */
export const DATABASE = 'memplane';
export const ADMIN = 'memplane_admin';
export const PORT = 5432;

export type Weekday = 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun';
export const WEEKDAYS: readonly Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

export interface Maintenance {
  readonly day: Weekday;
  /** UTC; backups are made two hours earlier. */
  readonly hour: number;
}

/** What survives the loss of the region. AWS: backups. Google Cloud: a replica. Azure: backups in the paired region. */
export interface SecondRegion {
  readonly region: string;
  /** AWS: the provider of that region. @default none */
  readonly provider?: TerraformProvider;
  readonly key: Key;
}

export interface PostgresConfig<S extends Site = Site> {
  readonly site: S;
  /** Of the server; replicas and roles are named after it. */
  readonly name: string;
  readonly tags: Tags;
  readonly network: NetworkOutput;
  /** Zones of primary and standby, where a cloud asks for them. */
  readonly zones: readonly string[];
  /** The data key, which encrypts storage, backups, statistics and the administrator's secret. */
  readonly key: Key;
  /** The ops key, which encrypts the server's log on AWS. */
  readonly logKey: Key;
  readonly logDays: number;
  /** Azure: id of the vault that keeps secrets. Elsewhere they have a service of their own. */
  readonly secretStore: string;
  readonly secretName: string;
  readonly version: '16' | '17';
  readonly instance: string;
  readonly storageGb: number;
  readonly maxStorageGb: number;
  readonly maxConnections: number;
  /** A standby in another zone that takes over by itself. @default true */
  readonly highlyAvailable?: boolean;
  /** @default 1 */
  readonly readReplicas?: number;
  /** @default none: the loss of the region loses what is in it */
  readonly secondRegion?: SecondRegion;
  /** How far back any second can be restored; Google Cloud: any second of 7 days, any day before. @default 35 */
  readonly pitrDays?: number;
  /** Raised to make a new password. It is in no state, so nothing else makes one. @default 1 */
  readonly adminPasswordVersion?: number;
  /** @default Sunday, 03:00 */
  readonly maintenance?: Maintenance;
}

export interface PostgresOutput {
  readonly host: string;
  readonly readHosts: readonly string[];
  readonly port: number;
  /** Name of the secret with `username` and `password` as JSON. */
  readonly adminSecret: string;
  /** `public`: its certificate is signed by an authority of the cloud's public bundle. Otherwise that certificate. */
  readonly ca: string;
  /** What alarms look at. */
  readonly watched: { readonly name: string; readonly id: string };
  readonly replicas: readonly { readonly name: string; readonly id: string }[];
  readonly address: string;
}

type Defaulted = 'highlyAvailable' | 'readReplicas' | 'pitrDays' | 'adminPasswordVersion' | 'maintenance';

export type ResolvedPostgres<S extends Site> = Omit<PostgresConfig<S>, Defaulted | 'secondRegion'> &
  Required<Pick<PostgresConfig<S>, Defaulted>> & { readonly secondRegion: SecondRegion | undefined };

/** The longest of all three clouds. */
export const LONGEST_PITR = 35;

export function withPostgresDefaults<S extends Site>(config: PostgresConfig<S>): ResolvedPostgres<S> {
  const postgres = {
    ...config,
    highlyAvailable: config.highlyAvailable ?? true,
    readReplicas: config.readReplicas ?? 1,
    secondRegion: config.secondRegion,
    pitrDays: config.pitrDays ?? LONGEST_PITR,
    adminPasswordVersion: config.adminPasswordVersion ?? 1,
    maintenance: config.maintenance ?? { day: 'sun', hour: 3 },
  };
  checkKeys(postgres);
  checkNumbers(postgres);
  return postgres;
}

function checkKeys({ site, name, key, logKey, secondRegion }: ResolvedPostgres<Site>): void {
  const at = `postgres ${name}`;
  if (key.purpose !== 'data') {
    throw refused(`${at}.key`, key.purpose, 'databases have a key of their own', 'pass the data key');
  }
  if (logKey.purpose !== 'ops') {
    throw refused(`${at}.logKey`, logKey.purpose, 'logs have a key of their own', 'pass the ops key');
  }
  if (secondRegion !== undefined && secondRegion.region === site.region) {
    const remedy = 'pass another region';
    throw refused(`${at}.secondRegion`, secondRegion.region, 'a region does not survive itself', remedy);
  }
}

function checkNumbers(postgres: ResolvedPostgres<Site>): void {
  const bounds = {
    // Fewer days than a week end before somebody notices.
    pitrDays: [7, LONGEST_PITR],
    readReplicas: [0, 5],
    maxStorageGb: [postgres.storageGb, 65_536],
    storageGb: [20, 65_536],
    maxConnections: [25, 5000],
    adminPasswordVersion: [1, Number.MAX_SAFE_INTEGER],
  } as const;
  for (const [field, [least, most]] of Object.entries(bounds)) {
    const value = postgres[field as keyof typeof bounds];
    if (Number.isInteger(value) && value >= least && value <= most) continue;
    const why = `needs a whole number from ${least} to ${most}`;
    throw refused(`postgres ${postgres.name}.${field}`, value, why, 'set postgres[] in the spec');
  }
}

/** Two hours before the maintenance, on the same clock: a backup during it would delay both. */
export const backupHour = ({ hour }: Maintenance): string => String((hour + 22) % 24).padStart(2, '0');
