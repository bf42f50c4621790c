import { KMS_LIMITS } from '../../infra/kms/contract.js';
import { type Check, oneOf, pattern, range } from './checks.js';
import { admitsFrom } from './constraint.js';
import type { Environment, Problem } from './environment.js';
import { checkRecovery } from './recovery.js';
import {
  checkAccess,
  checkCluster,
  checkEcs,
  checkIdentities,
  checkObservability,
  checkQdrant,
  warnOfIrsa,
  warnOfSilence,
} from './validate-compute.js';
import { checkEdge, DOMAIN, warnOfZone } from './validate-edge.js';
import { checkNetwork } from './validate-network.js';
import { checkPlace } from './validate-place.js';
import { checkPostgres } from './validate-postgres.js';
import { checkPrices } from './validate-prices.js';
import { checkQueue, checkRedis, checkRegistry, warnOfRedis } from './validate-stores.js';
import { checkTwins, labelOf, warnOfTwins } from './validate-twins.js';
import { checkWaivers, waive } from './waivers.js';

/** Bindings before these lack attributes that the units set. */
const PROVIDER_FLOORS = { aws: '5.100.0', google: '6.50.0', azurerm: '4.55.0' } as const;

/** Every problem of every environment; none is left to be found by the next run. */
export function validate(environments: readonly Environment[], today = new Date()): readonly Problem[] {
  return [
    ...environments.flatMap((environment) =>
      validateOne(environment, today).map((problem) => ({
        ...problem,
        path: `${labelOf(environment)}.${problem.path}`,
      })),
    ),
    ...checkTwins(environments),
  ];
}

/** Legal, but somebody should know. */
export function warnings(environments: readonly Environment[]): readonly Problem[] {
  const alone = environments.flatMap((environment) =>
    [warnOfLocks, warnOfRedis, warnOfIrsa, warnOfSilence, warnOfZone]
      .map((warn) => warn(environment))
      .flatMap((problem) =>
        problem === undefined ? [] : [{ ...problem, path: `${labelOf(environment)}.${problem.path}` }],
      ),
  );
  return [...alone, ...warnOfTwins(environments)];
}

function warnOfLocks({ profile, place }: Environment): Check {
  if (profile === 'dev' || place.cloud !== 'azure' || place.immutability !== 'Unlocked') return undefined;
  return {
    path: 'place.immutability',
    value: 'Unlocked',
    message: 'audit records can still be shortened: apply once, then set Locked and apply again',
    allowed: 'Locked after the first apply',
  };
}

/** `path: message (got VALUE; allowed …)` */
export function describe({ path, value, message, allowed, waiver }: Problem): string {
  const got = `got ${told(value)}`;
  const otherwise = waiver === undefined ? '' : `, or a waiver of ${waiver.rule} for ${waiver.resource}`;
  return `${path}: ${message} (${allowed === undefined ? got : `${got}; allowed ${allowed}`}${otherwise})`;
}

/** A value as it was written, whatever it is. */
function told(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'symbol') return String(value);
  if (typeof value === 'function') return 'a function';
  try {
    return JSON.stringify(value) ?? 'nothing';
  } catch {
    return 'something that no file can hold';
  }
}

function validateOne(environment: Environment, today: Date): readonly Problem[] {
  const { open, used } = waive(environment.waivers, problemsOf(environment), today);
  return [...open, ...checkWaivers(environment, used, today).filter((problem) => problem !== undefined)];
}

function problemsOf(environment: Environment): readonly Problem[] {
  return [
    ...checkIdentity(environment),
    ...checkPlace(environment),
    ...checkNetwork(environment),
    ...checkCluster(environment),
    ...checkIdentities(environment),
    ...checkAccess(environment),
    ...checkQdrant(environment),
    ...checkEcs(environment),
    ...checkObservability(environment),
    ...checkEdge(environment),
    ...checkPostgres(environment),
    ...checkRedis(environment),
    ...checkQueue(environment),
    ...checkRegistry(environment),
    ...checkAudit(environment),
    ...checkBackups(environment),
    ...checkTiers(environment),
    ...checkKms(environment),
    ...checkProviders(environment),
    ...checkPrices(environment),
    ...checkRecovery(environment),
  ].filter((problem) => problem !== undefined);
}

function checkIdentity({ name, profile, clusterId, baseDomain, tags }: Environment): readonly Check[] {
  const short = '2–8 lower-case letters and digits: Azure storage names have 24 characters and no hyphen';
  return [
    pattern('name', name, /^[a-z][a-z0-9]{1,7}$/, short),
    oneOf('profile', profile, ['dev', 'prod', 'regulated']),
    pattern('clusterId', clusterId, /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'needs a DNS label'),
    pattern('baseDomain', baseDomain, DOMAIN, 'needs a domain name', 'like memory.example.com'),
    pattern('tags.owner', tags.owner, /\S/, 'somebody must own it', 'a name or an address'),
    pattern('tags.costCenter', tags.costCenter, /\S/, 'somebody must pay for it', 'a name or a number'),
    oneOf('tags.dataClass', tags.dataClass, ['internal', 'confidential', 'restricted']),
  ];
}

/** Whoever may change the policy of a bucket ends Governance. */
const TAKEN_OFF = 'somebody could take this lock off';

function checkAudit({ profile, buckets: { audit }, tags }: Environment): readonly Check[] {
  const at = 'buckets.audit';
  const floor = profile === 'dev' ? 1 : 365;
  const floored = range(`${at}.floorDays`, audit.floorDays, floor, 36_500, 'audit records go too early');
  // Of a floor that cannot stand, nothing follows for what stands on it.
  const lowest = floored === undefined ? audit.floorDays : floor;
  const least = tags.dataClass === 'restricted' ? Math.max(lowest, 2557) : lowest;
  return [
    oneOf(`${at}.lock`, audit.lock, profile === 'dev' ? ['Compliance', 'Governance'] : ['Compliance'], TAKEN_OFF),
    range(`${at}.retentionDays`, audit.retentionDays, least, 36_500, 'retention ends before the lock, or too early'),
    floored,
  ];
}

function checkBackups({ profile, buckets: { backups } }: Environment): readonly Check[] {
  const at = 'buckets.backups';
  const locked = backups.lock !== 'None';
  const longest = backups.expireDays ?? 36_500;
  const floor = locked ? 1 : 0;
  return [
    oneOf(
      `${at}.lock`,
      backups.lock,
      profile === 'dev' ? ['Compliance', 'Governance', 'None'] : ['Compliance'],
      TAKEN_OFF,
    ),
    range(`${at}.floorDays`, backups.floorDays, floor, longest, 'lock on backups must end before they expire'),
    backups.floorDays > longest
      ? undefined
      : range(`${at}.retentionDays`, backups.retentionDays, backups.floorDays, longest, 'not between lock and expiry'),
    backups.crossRegion && !locked
      ? { path: `${at}.crossRegion`, value: true, message: 'only locked backups are copied', allowed: 'false' }
      : undefined,
  ];
}

function checkTiers({ buckets }: Environment): readonly Check[] {
  return (['artifacts', 'backups', 'audit', 'accessLogs'] as const).flatMap((name) => {
    const { infrequentAfterDays, archiveAfterDays, expireDays, noncurrentDays } = buckets[name];
    const at = `buckets.${name}`;
    const days = (field: string, value: number | undefined, least: number, message: string) =>
      value === undefined ? undefined : range(`${at}.${field}`, value, least, 36_500, message);
    return [
      days('infrequentAfterDays', infrequentAfterDays, 1, 'needs whole days'),
      days('archiveAfterDays', archiveAfterDays, (infrequentAfterDays ?? 0) + 1, 'not after infrequentAfterDays'),
      days('expireDays', expireDays, 1, 'needs whole days'),
      days('noncurrentDays', noncurrentDays, 1, 'needs whole days'),
    ];
  });
}

function checkKms({ profile, place, kms }: Environment): readonly Check[] {
  const limits = KMS_LIMITS[place.cloud];
  const inside = (field: 'rotationDays' | 'deletionWindowDays') =>
    range(`kms.${field}`, kms[field], limits[field].min, limits[field].max, `${place.cloud} does not take it`);
  return [
    inside('rotationDays'),
    inside('deletionWindowDays'),
    oneOf('kms.protection', kms.protection, ['Software', 'Hsm']),
    profile !== 'dev' && kms.protection === 'Software'
      ? {
          path: 'kms.protection',
          value: 'Software',
          message: 'keys of production are in hardware',
          allowed: 'Hsm',
          waiver: { rule: 'KEY-HSM', resource: 'kms' },
        }
      : undefined,
  ];
}

function checkProviders({ providers }: Environment): readonly Check[] {
  return (['aws', 'google', 'azurerm'] as const).map((name) => {
    const admits = admitsFrom(providers[name], PROVIDER_FLOORS[name]);
    if (admits === true) return undefined;
    const message = admits === undefined ? 'not a version constraint' : 'admits no version that has what is used';
    return {
      path: `providers.${name}`,
      value: providers[name],
      message,
      allowed: `a constraint like "~> 6.25" that admits ${PROVIDER_FLOORS[name]} or later`,
    };
  });
}
