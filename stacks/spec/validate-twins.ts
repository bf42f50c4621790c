import { overlaps, parseCidr } from './cidr.js';
import type { Environment, Place, Problem } from './environment.js';

/** By what an environment is called in every message. */
export const labelOf = ({ name, place }: Environment): string => `${place.cloud}-${name}`;

type Pair = readonly [earlier: Environment, later: Environment];

/** Those of one name have one problem, and everything else follows from it. */
const pairsOf = (environments: readonly Environment[]): readonly Pair[] =>
  environments.flatMap((later, index) =>
    environments
      .slice(0, index)
      .filter((earlier) => labelOf(earlier) !== labelOf(later))
      .map((earlier): Pair => [earlier, later]),
  );

/** What two environments may not have in common; each pair is told once, at the later one. */
export function checkTwins(environments: readonly Environment[]): readonly Problem[] {
  return [...sameNames(environments.map(labelOf)), ...pairsOf(environments).flatMap(sameMarks)];
}

function sameNames(labels: readonly string[]): readonly Problem[] {
  const seen = new Set<string>();
  const twice = new Set(labels.filter((one) => seen.size === seen.add(one).size));
  return [...twice].map((one) => ({
    path: `${one}.name`,
    value: one.slice(one.indexOf('-') + 1),
    message: 'two environments of this name on this cloud would share stacks and states',
    allowed: 'another name',
  }));
}

interface Mark {
  readonly path: string;
  readonly value: string;
  readonly why: string;
}

function sameMarks([earlier, later]: Pair): readonly Problem[] {
  const taken = new Map(marksOf(earlier).map(({ path, value }) => [value.toLowerCase(), path]));
  const other = labelOf(earlier);
  return marksOf(later).flatMap(({ path, value, why }) => {
    const there = taken.get(value.toLowerCase());
    if (there === undefined || kindOf(there) !== kindOf(path)) return [];
    const message = `is ${other}.${there} too: ${why}`;
    return [{ path: `${labelOf(later)}.${path}`, value, message, allowed: 'one of its own' }];
  });
}

/** A role is a role, whichever duty has it. */
const kindOf = (path: string): string => (path.startsWith('place.') ? 'place' : path);

/** What an environment is known by outside of its own states: in stores, in names that resolve, in its account. */
function marksOf({ clusterId, baseDomain, place, access }: Environment): readonly Mark[] {
  const owner = 'each would take the tenants in the stores of the other for its own';
  const domain = 'a tenant of one would answer at the address of the other';
  return [
    { path: 'clusterId', value: clusterId, why: owner },
    { path: 'baseDomain', value: baseDomain, why: domain },
    // Without `access` somebody else makes them, perhaps one for all.
    ...(access === undefined ? [] : principalsOf(place)),
  ].filter(({ value }) => typeof value === 'string' && value !== '');
}

function principalsOf(place: Place): readonly Mark[] {
  const why = 'both bootstraps would make it, and the second cannot';
  switch (place.cloud) {
    case 'aws':
      return (['deployRoleArn', 'complianceRoleArn', 'breakGlassRoleArn'] as const).map((field) => ({
        ...{ path: `place.${field}`, value: place[field], why },
      }));
    case 'gcp':
      return [{ path: 'place.deployServiceAccount', value: place.deployServiceAccount, why }];
    case 'azure':
      return [];
  }
}

/** Legal while nothing connects them, which is found out on the day that something shall. */
export const warnOfTwins = (environments: readonly Environment[]): readonly Problem[] =>
  pairsOf(environments).flatMap(([earlier, later]) => {
    const account = accountOf(later.place);
    const [a, b] = [parseCidr(earlier.network.cidr), parseCidr(later.network.cidr)];
    if (account !== accountOf(earlier.place) || a === undefined || b === undefined || !overlaps(a, b)) return [];
    const theirs = `${earlier.network.cidr} of ${labelOf(earlier)}.network.cidr`;
    const message = `overlaps ${theirs} in the same ${account}: the two can never be peered, nor reached over one VPN`;
    return [
      { path: `${labelOf(later)}.network.cidr`, value: later.network.cidr, message, allowed: 'a range of its own' },
    ];
  });

function accountOf(place: Place): string {
  switch (place.cloud) {
    case 'aws':
      return `account ${place.accountId}`;
    case 'gcp':
      return `project ${place.projectId}`;
    case 'azure':
      return `subscription ${place.subscriptionId}`;
  }
}
