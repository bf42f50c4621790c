import { LONGEST_PITR, WEEKDAYS } from '../../infra/postgres/contract.js';
import { type Check, oneOf, pattern, range } from './checks.js';
import type { Environment, Place, Postgres, Profile } from './environment.js';
import { AZURE_PAIRS } from './regions.js';
import { AZURE_STORAGE_GB, POSTGRES_INSTANCES, TENANT_PODS } from './sizes.js';

export function checkPostgres({ profile, place, postgres }: Environment): readonly Check[] {
  return [
    range('postgres', postgres.length, 1, 20, 'a plane has servers'),
    ...postgres.flatMap((server, index) => {
      const at = `postgres[${index}]`;
      const twice = postgres.slice(0, index).some(({ name }) => name === server.name);
      return [
        pattern(`${at}.name`, server.name, /^[a-z][a-z0-9-]{0,20}$/, 'needs a short name'),
        twice ? problem(`${at}.name`, server.name, 'named twice', 'a name of its own') : undefined,
        ...checkMachine(at, server, place),
        ...checkStorage(at, server, place),
        ...checkConnections(at, server),
        ...checkPromises(at, server, profile),
        ...checkRegion(at, server, place),
      ];
    }),
  ];
}

const problem = (path: string, value: unknown, message: string, allowed: string) => ({ path, value, message, allowed });

function checkMachine(at: string, { size, instance, version, readReplicas, maintenance }: Postgres, { cloud }: Place) {
  const known = POSTGRES_INSTANCES[cloud];
  return [
    oneOf(`${at}.size`, size, ['small', 'medium', 'large'], 'unsupported size'),
    instance === undefined
      ? undefined
      : oneOf(`${at}.instance`, instance, Object.values(known), 'not in the table of sizes'),
    oneOf(`${at}.version`, version, ['16', '17']),
    range(`${at}.readReplicas`, readReplicas, 0, 2, 'more than two replicas are another server'),
    oneOf(`${at}.maintenance.day`, maintenance.day, WEEKDAYS),
    range(`${at}.maintenance.hour`, maintenance.hour, 0, 23, 'an hour of the day, UTC'),
  ];
}

function checkStorage(at: string, { storageGb, maxStorageGb }: Postgres, { cloud }: Place): readonly Check[] {
  const sold = cloud === 'azure' && !AZURE_STORAGE_GB.includes(storageGb);
  return [
    sold
      ? problem(`${at}.storageGb`, storageGb, 'Azure sells no storage of this size', AZURE_STORAGE_GB.join(', '))
      : range(`${at}.storageGb`, storageGb, 20, 16_384, 'too small or too large to be sold'),
    range(`${at}.maxStorageGb`, maxStorageGb, storageGb, 65_536, 'smaller than storageGb, or too large'),
  ];
}

/** Every pod of every tenant may hold its whole pool at once; PgBouncer bounds that, nothing else does. */
function checkConnections(at: string, server: Postgres): readonly Check[] {
  const { maxConnections, reservedConnections, capacity, poolPerPod, pooler, size, adminPasswordVersion } = server;
  const pods = TENANT_PODS[size] ?? TENANT_PODS.large;
  const asked = capacity * pods * poolPerPod;
  const free = maxConnections - reservedConnections;
  const fits = pooler === 'PgBouncer' || asked <= free;
  const sum = `${capacity} tenants × ${pods} pods × ${poolPerPod} connections = ${asked}, more than ${free}`;
  return [
    range(`${at}.capacity`, capacity, 1, 500, 'tenants of one server'),
    range(`${at}.poolPerPod`, poolPerPod, 1, 100, 'connections of one pod'),
    oneOf(`${at}.pooler`, pooler, ['PgBouncer', 'None']),
    range(
      `${at}.reservedConnections`,
      reservedConnections,
      10,
      maxConnections - 1,
      'leaves none for tenants, or itself',
    ),
    range(`${at}.adminPasswordVersion`, adminPasswordVersion, 1, Number.MAX_SAFE_INTEGER, 'counts up from 1'),
    fits
      ? range(`${at}.maxConnections`, maxConnections, 25, 5000, 'too few to work with, or too many to serve')
      : problem(`${at}.maxConnections`, maxConnections, sum, 'pooler PgBouncer, or a lower capacity'),
  ];
}

function checkPromises(at: string, server: Postgres, profile: Profile): readonly Check[] {
  const dev = profile === 'dev';
  const resource = `pg_${server.name}`;
  const must = (field: 'highlyAvailable' | 'crossRegion', rule: string, message: string) =>
    dev || server[field]
      ? undefined
      : { ...problem(`${at}.${field}`, server[field], message, 'true'), waiver: { rule, resource } };
  const days = range(`${at}.pitrDays`, server.pitrDays, 7, LONGEST_PITR, 'too short, or longer than the vendors keep');
  const fewer = dev ? undefined : range(`${at}.pitrDays`, server.pitrDays, 30, LONGEST_PITR, 'too short to notice in');
  return [
    must('highlyAvailable', 'PG-HA', 'the loss of a zone would be the loss of the database'),
    must('crossRegion', 'PG-DR', 'the loss of the region would be the loss of its data'),
    days ?? (fewer === undefined ? undefined : { ...fewer, waiver: { rule: 'PG-PITR', resource } }),
  ];
}

/** Azure chooses where geo-redundant backups go. */
function checkRegion(at: string, { crossRegion }: Postgres, place: Place): readonly Check[] {
  if (place.cloud !== 'azure' || !crossRegion || AZURE_PAIRS[place.region] === place.replicaRegion) return [];
  const pair = AZURE_PAIRS[place.region];
  return [
    pair === undefined
      ? problem(
          `${at}.crossRegion`,
          true,
          `${place.region} has no paired region in which the rest of the plane could stand`,
          `false, or place.region one of ${Object.keys(AZURE_PAIRS).join(', ')}`,
        )
      : problem(
          `${at}.crossRegion`,
          true,
          `geo backup goes to the paired region ${pair} only`,
          `place.replicaRegion ${pair}`,
        ),
  ];
}
