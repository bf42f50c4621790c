import type { Check } from './checks.js';
import type { Environment, Place, Postgres, Size } from './environment.js';

/** What the settings give, in minutes. Infinity: it would be lost, or never come back. */
export interface Recovery {
  /** As in `promises`: `rpoMinutes.postgresRegion`. */
  readonly promise: string;
  readonly minutes: number;
  /** What decides it, in words. */
  readonly because: string;
  /** The setting that would give more. */
  readonly remedy: string;
}

/** Point-in-time recovery ships what was written every five minutes. */
const LOG_SHIPPING = 5;
/** A copy of a backup in the second region is that much behind its source. */
const COPY_LAG: Readonly<Record<Place['cloud'], number>> = { aws: 15, gcp: 60, azure: 60 };
/** AWS promises fifteen minutes of what it has noticed, the others nothing: an hour is what they report of themselves. */
const ARTIFACT_LAG: Readonly<Record<Place['cloud'], number>> = { aws: COPY_LAG.aws + 5, gcp: 60, azure: 60 };
/** Google Cloud's replica there follows within the lag that raises the alarm. */
const REPLICA_LAG = 5;
/** Azure ships geo-redundant backups hourly. */
const GEO_BACKUP = 60;
const FAIL_OVER = 2;
/** A restore within the region loads lazily, so it depends on the machine and not on the disk. */
const RESTORE: Readonly<Record<Size, number>> = { small: 30, medium: 45, large: 60 };
/** Across regions the data is copied first. Not measured here: the restore drill measures it. */
const GB_A_MINUTE = 1;
const APPLY = 60;
const DNS = 15;
const PROMOTE = 5;

/** Recovery points and times of every promise, from the settings alone. */
export function deriveRecovery(environment: Environment): readonly Recovery[] {
  return [
    postgresZone(environment),
    postgresRegion(environment),
    artifactsRegion(environment),
    auditRegion(environment),
    cache(environment),
    zoneTime(environment),
    regionTime(environment),
  ];
}

function postgresZone({ postgres }: Environment): Recovery {
  const alone = postgres.some(({ highlyAvailable }) => !highlyAvailable);
  return {
    promise: 'rpoMinutes.postgresZone',
    minutes: alone ? LOG_SHIPPING : 0,
    because: alone ? 'point-in-time recovery: one copy in one zone' : 'a synchronous copy in another zone',
    remedy: 'postgres[].highlyAvailable true',
  };
}

function postgresRegion({ postgres, place }: Environment): Recovery {
  const lost = postgres.some(({ crossRegion }) => !crossRegion);
  const ways: Readonly<Record<Place['cloud'], readonly [minutes: number, because: string]>> = {
    aws: [LOG_SHIPPING + COPY_LAG.aws, 'automated backup replication'],
    gcp: [REPLICA_LAG + LOG_SHIPPING, 'a replica in the second region'],
    azure: [GEO_BACKUP + LOG_SHIPPING * 3, 'geo-redundant backup'],
  };
  const [minutes, because] = ways[place.cloud];
  return {
    promise: 'rpoMinutes.postgresRegion',
    minutes: lost ? Number.POSITIVE_INFINITY : minutes,
    because: lost ? 'nothing of it is in the second region' : because,
    remedy: lost ? 'postgres[].crossRegion true' : 'none: the vendor ships no faster',
  };
}

function artifactsRegion({ buckets, place }: Environment): Recovery {
  const copied = buckets.backups.crossRegion;
  return {
    promise: 'rpoMinutes.artifactsRegion',
    minutes: copied ? ARTIFACT_LAG[place.cloud] : Number.POSITIVE_INFINITY,
    because: copied ? 'each is copied to the second region when it is written' : 'they stay in the region',
    remedy: copied ? 'none: the vendor copies no faster' : 'buckets.backups.crossRegion true',
  };
}

const auditRegion = ({ place }: Environment): Recovery => ({
  promise: 'rpoMinutes.auditRegion',
  minutes: COPY_LAG[place.cloud],
  because: place.cloud === 'aws' ? 'replication within 15 minutes, by contract' : 'replication without a promise',
  remedy: 'none: the vendor copies no faster',
});

function cache({ redis, place }: Environment): Recovery {
  const snapshots: Readonly<Record<Place['cloud'], number>> = { aws: 1440, gcp: 60, azure: 60 };
  const managed = redis.target === 'managed';
  return {
    promise: 'rpoMinutes.cache',
    minutes: managed ? snapshots[place.cloud] : Number.POSITIVE_INFINITY,
    because: managed ? 'snapshots' : 'in the cluster, rebuilt from the database',
    remedy: managed ? 'none: the vendor takes no more' : 'redis.target managed',
  };
}

function zoneTime({ postgres }: Environment): Recovery {
  const times = postgres.map(({ highlyAvailable, size }) => (highlyAvailable ? FAIL_OVER : RESTORE[size]));
  const alone = postgres.some(({ highlyAvailable }) => !highlyAvailable);
  return {
    promise: 'rtoMinutes.zone',
    minutes: Math.max(...times),
    because: alone ? 'a restore into another zone' : 'fail-over',
    remedy: 'postgres[].highlyAvailable true',
  };
}

/** A stack is applied there, the largest database comes back, names point to it. */
function regionTime({ postgres, place, buckets }: Environment): Recovery {
  const lost = postgres.some(({ crossRegion }) => !crossRegion) || !buckets.backups.crossRegion;
  const comeBack = ({ storageGb }: Postgres): number => (place.cloud === 'gcp' ? PROMOTE : storageGb / GB_A_MINUTE);
  const slowest = Math.max(...postgres.map(comeBack));
  return {
    promise: 'rtoMinutes.region',
    minutes: lost ? Number.POSITIVE_INFINITY : APPLY + slowest + DNS,
    because: lost ? 'not everything is in the second region' : `apply ${APPLY}, databases ${slowest}, DNS ${DNS}`,
    remedy: lost ? 'postgres[].crossRegion and buckets.backups.crossRegion true' : 'more and smaller servers',
  };
}

/** Promised minutes by name; what is not promised is not there. */
export function promisedMinutes({ promises }: Environment): ReadonlyMap<string, number> {
  const { rpoMinutes, rtoMinutes } = promises;
  const named = (group: string, minutes: object) =>
    Object.entries(minutes).map(([name, value]) => [`${group}.${name}`, value as number] as const);
  return new Map([...named('rpoMinutes', rpoMinutes), ...named('rtoMinutes', rtoMinutes)]);
}

/** Nobody promises what the settings do not give. */
export function checkRecovery(environment: Environment): readonly Check[] {
  const derived = new Map(deriveRecovery(environment).map((one) => [one.promise, one]));
  return [...promisedMinutes(environment)].map(([promise, value]): Check => {
    const path = `promises.${promise}`;
    const given = derived.get(promise);
    if (given === undefined) {
      return { path, value, message: 'not something that is promised', allowed: [...derived.keys()].join(', ') };
    }
    if (!Number.isFinite(value) || value < 0)
      return { path, value, message: 'not a number of minutes', allowed: '0 or more' };
    const { minutes, because, remedy } = given;
    if (value >= minutes) return undefined;
    const gives = Number.isFinite(minutes) ? `settings give ${minutes}` : 'settings give none';
    const least = Number.isFinite(minutes) ? `${minutes} or more` : 'null, which promises nothing';
    return {
      path,
      value,
      message: `promised ${value} min, ${gives} (${because})`,
      allowed: remedy.startsWith('none') ? least : `${least}, or ${remedy}`,
    };
  });
}
