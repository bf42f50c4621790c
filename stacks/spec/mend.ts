import { withDefaults } from './defaults.js';
import type { EnvironmentInput, Place, Problem } from './environment.js';
import { validate } from './validate.js';

type Json = Readonly<Record<string, unknown>>;

const UUID = (last: string): string => `00000000-0000-4000-8000-0000000000${last}`;

/** Right by themselves, so that what they stand for is all that is wrong. No problem that names one is told. */
const STAND_INS: Readonly<Record<Place['cloud'], Json>> = {
  aws: {
    ...{ accountId: '000000000000', partition: 'aws', region: 'eu-central-1', replicaRegion: 'eu-west-1' },
    zones: ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'],
    deployRoleArn: 'arn:aws:iam::000000000000:role/deploy',
    complianceRoleArn: 'arn:aws:iam::000000000000:role/compliance',
    breakGlassRoleArn: 'arn:aws:iam::000000000000:role/break-glass',
  },
  gcp: {
    ...{ projectId: 'stand-in', projectNumber: '100000000000', region: 'europe-west3', replicaRegion: 'europe-west4' },
    zones: ['europe-west3-a', 'europe-west3-b', 'europe-west3-c'],
    deployServiceAccount: 'deploy@stand-in.iam.gserviceaccount.com',
    ...{ complianceGroup: 'compliance@example.com', breakGlassGroup: 'break-glass@example.com' },
  },
  azure: {
    ...{ subscriptionId: UUID('01'), entraTenantId: UUID('02'), region: 'northeurope', replicaRegion: 'westeurope' },
    ...{ zones: ['1', '2', '3'], suffix: 'ex4mp1', immutability: 'Unlocked' },
    ...{ deployPrincipalId: UUID('03'), complianceGroupId: UUID('04') },
    ...{ breakGlassGroupId: UUID('05'), adminGroupId: UUID('06') },
  },
};

const TEXTS: Json = { name: 'standin', profile: 'prod', clusterId: 'stand-in', baseDomain: 'example.com' };
const TAGS: Json = { owner: 'stand-in', costCenter: 'stand-in', dataClass: 'internal' };

/**
 * What else is wrong with an environment that has fields missing or of another kind, so that nobody finds it only after
 * mending these. Such fields are replaced, or left to their defaults; what could follow from that is not told.
 */
export function furtherProblems(input: unknown, misshapen: readonly Problem[], label: string): readonly Problem[] {
  const cloud = partsOf(partsOf(input).place).cloud;
  if (cloud !== 'aws' && cloud !== 'gcp' && cloud !== 'azure') return [];
  const blind = misshapen.map(({ path }) => path.slice(label.length + 1));
  const mended = mend(partsOf(input), blind, cloud);
  const known = `${cloud}-${String(mended.name)}.`;
  return validate([withDefaults(mended as unknown as EnvironmentInput)])
    .map((problem) => ({ ...problem, path: problem.path.slice(known.length) }))
    .filter(({ path }) => !follows(path, blind))
    .map((problem) => ({ ...problem, path: `${label}.${problem.path}` }));
}

/** `place.accountId` by its stand-in; of everything else the whole part, so that its defaults stand. */
function mend(input: Json, blind: readonly string[], cloud: Place['cloud']): Json {
  const parts = new Set(blind.filter((path) => memberOf(path) === undefined).map(partOf));
  const kept = Object.fromEntries(
    Object.entries(input)
      .filter(([name]) => !parts.has(name))
      .map(([name, value]) => [name, mendMembers(name, value, blind)]),
  );
  const within = (name: string, standIns: Json): Json => {
    const given = partsOf(input[name]);
    const wrong = new Set(blind.filter((path) => path.startsWith(`${name}.`)).map((path) => inner(path)));
    const right = Object.entries(given).filter(([field]) => !wrong.has(field) && field in standIns);
    return { ...standIns, ...Object.fromEntries(right) };
  };
  const texts = Object.fromEntries(Object.entries(TEXTS).filter(([name]) => parts.has(name)));
  return {
    ...kept,
    ...texts,
    place: { cloud, ...within('place', STAND_INS[cloud]) },
    tags: within('tags', TAGS),
    edge: parts.has('edge') ? { dnsZone: texts.baseDomain ?? input.baseDomain } : input.edge,
  };
}

/** Lists whose members stand by themselves, and what takes the place of one. */
const MEMBERS: Readonly<Record<string, (index: number) => Json>> = {
  postgres: (index) => ({ name: `standin-${index}` }),
  waivers: () => ({ rule: 'PG-HA', resource: 'stand-in', reason: 'a stand-in', owner: 'a@stand.in', expires: '' }),
};

/** `waivers[5]` of `waivers[5].owner`; undefined for what is no member of such a list. */
const memberOf = (path: string): string | undefined => {
  const found = /^([a-z]+)\[\d+\]/i.exec(path);
  return found?.[1] !== undefined && MEMBERS[found[1]] !== undefined ? found[0] : undefined;
};

/** The others keep their place in the list, so that what is wrong with them is told where it is. */
function mendMembers(name: string, value: unknown, blind: readonly string[]): unknown {
  const standIn = MEMBERS[name];
  if (standIn === undefined || !Array.isArray(value)) return value;
  const wrong = new Set(blind.map(memberOf));
  return value.map((one: unknown, index) => (wrong.has(`${name}[${index}]`) ? standIn(index) : one));
}

/** What a waiver says of itself, whatever it waives. */
const OF_ITSELF = /^waivers\[\d+\]\.(rule|reason|owner|expires)$/;

/** Whether somebody would be told of a stand-in, or of what follows from one. */
function follows(path: string, blind: readonly string[]): boolean {
  const member = memberOf(path);
  if (member !== undefined && blind.some((one) => memberOf(one) === member)) return true;
  if (OF_ITSELF.test(path) && !blind.includes('waivers')) return false;
  // Where waivers alone are misshapen, what the others waive is what it was.
  if (/^waivers\[\d+\]$/.test(path) && blind.every((one) => one.startsWith('waivers['))) return false;
  const parts = new Set(blind.filter((one) => memberOf(one) === undefined).map(partOf));
  if (parts.has(partOf(path)) && partOf(path) !== 'place') return true;
  // A place hangs together: zones on the region, roles on the account. The others of it are judged.
  const places = blind.filter((one) => one.startsWith('place.')).map(inner);
  const hangs = places.some(
    (field) => field === inner(path) || (HANGS[field] ?? []).some((one) => path === `place.${one}`),
  );
  if (partOf(path) === 'place' && hangs) return true;
  // Prices are of a region, promises and waivers of what was set elsewhere.
  return /^(waivers|promises|prices|edge\.(dnsZone|zoneId))/.test(path);
}

const ROLES = ['deployRoleArn', 'complianceRoleArn', 'breakGlassRoleArn'] as const;
const HANGS: Readonly<Record<string, readonly string[]>> = {
  accountId: ROLES,
  partition: [...ROLES, 'region', 'replicaRegion'],
  region: ['zones', 'replicaRegion', 'partition'],
  replicaRegion: ['region', 'partition'],
};

const partOf = (path: string): string => /^[^.[]*/.exec(path)?.[0] ?? '';
const inner = (path: string): string => partOf(path.slice(partOf(path).length + 1));

const partsOf = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {});
