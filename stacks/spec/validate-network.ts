import { type Check, pattern, range } from './checks.js';
import { contains, isPrivate, overlaps, parseCidr, type Range } from './cidr.js';
import type { Environment, Network } from './environment.js';

/** CloudWatch keeps logs for one of these, and answers to any other number at apply. */
export const LOG_DAYS: readonly number[] = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

export function checkNetwork({ profile, place, network }: Environment): readonly Check[] {
  const zonal = profile === 'dev' || network.natPerZone;
  return [
    ...checkRanges(network),
    ...checkOutside(network),
    zonal
      ? undefined
      : {
          path: 'network.natPerZone',
          value: false,
          message: 'the way out falls with one zone',
          allowed: 'true',
          waiver: { rule: 'NET-NAT', resource: 'network' },
        },
    place.cloud === 'aws' && !LOG_DAYS.includes(network.flowLogDays)
      ? {
          path: 'network.flowLogDays',
          value: network.flowLogDays,
          message: 'CloudWatch keeps no logs for this long',
          allowed: LOG_DAYS.join(', '),
        }
      : range('network.flowLogDays', network.flowLogDays, profile === 'dev' ? 1 : 365, 3650, 'evidence goes too early'),
  ];
}

interface Named {
  readonly path: string;
  readonly value: string;
  /** The shortest prefix that still has room for what goes into it, and the longest. */
  readonly bits: readonly [number, number];
  readonly inside: boolean;
}

function named(network: Network): readonly Named[] {
  const three = (field: 'publicCidrs' | 'nodeCidrs' | 'dataCidrs', longest: number): readonly Named[] =>
    listOf(network[field]).map((value, index) => ({
      path: `network.${field}[${index}]`,
      value,
      bits: [8, longest],
      inside: true,
    }));
  const one = (field: 'endpointCidr' | 'controlPlaneCidr', bits: Named['bits']): Named => ({
    path: `network.${field}`,
    value: network[field],
    bits,
    inside: true,
  });
  return [
    ...three('publicCidrs', 27),
    ...three('nodeCidrs', 22),
    ...three('dataCidrs', 27),
    one('endpointCidr', [8, 26]),
    one('controlPlaneCidr', [28, 28]),
    // 110 pods a node take a /24 of it on Google Cloud.
    { path: 'network.podCidr', value: network.podCidr, bits: [8, 21], inside: false },
    { path: 'network.serviceCidr', value: network.serviceCidr, bits: [12, 24], inside: false },
  ];
}

const listOf = <T>(value: readonly T[]): readonly T[] => (Array.isArray(value) ? value : []);

const NOT_A_RANGE = {
  message: 'not a range of addresses, or one with bits behind its prefix',
  allowed: 'like 10.0.0.0/16',
};

function checkRanges(network: Network): readonly Check[] {
  const wrong = checkWhole(network.cidr, parseCidr(network.cidr));
  // Of a whole that cannot stand, nobody is told that its parts lie outside.
  const whole = wrong === undefined ? parseCidr(network.cidr) : undefined;
  const ranges = named(network);
  return [
    wrong,
    ...(['publicCidrs', 'nodeCidrs', 'dataCidrs'] as const).map((field) => {
      const given = listOf(network[field]);
      if (given.length === 3) return undefined;
      return { path: `network.${field}`, value: network[field], message: 'one range a zone', allowed: 'three ranges' };
    }),
    ...ranges.flatMap((one) => checkRange(one, whole)),
    ...listOf(network.peerCidrs).map((value, index) =>
      parseCidr(value) === undefined ? { path: `network.peerCidrs[${index}]`, value, ...NOT_A_RANGE } : undefined,
    ),
    ...checkDisjoint(network, ranges),
  ];
}

function checkWhole(value: string, whole: Range | undefined): Check {
  if (whole === undefined) return { path: 'network.cidr', value, ...NOT_A_RANGE };
  const message = 'a network of ours has private addresses, and all three clouds take its size';
  return isPrivate(whole) && whole.bits >= 16 && whole.bits <= 20
    ? undefined
    : { path: 'network.cidr', value, message, allowed: '/16 to /20 within 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16' };
}

function checkRange({ path, value, bits, inside }: Named, whole: Range | undefined): readonly Check[] {
  const found = parseCidr(value);
  if (found === undefined) return [{ path, value, ...NOT_A_RANGE }];
  const [least, most] = bits;
  const sized = found.bits >= least && found.bits <= most;
  const allowed = least === most ? `/${most}` : `/${least} to /${most}`;
  // What lies outside must not touch the network; that is what disjoint says.
  const placed = !inside || whole === undefined || contains(whole, found);
  return [
    sized ? undefined : { path, value, message: 'too small or too large for what stands in it', allowed },
    placed ? undefined : { path, value, message: 'outside of network.cidr', allowed: 'a part of network.cidr' },
  ];
}

/** Each pair once, at its later member: the parts of the network among themselves, and the whole with what is outside. */
function checkDisjoint(network: Network, ranges: readonly Named[]): readonly Check[] {
  const inside = ranges.filter((one) => one.inside);
  const outside = [
    { path: 'network.cidr', value: network.cidr },
    ...ranges.filter((one) => !one.inside),
    ...listOf(network.peerCidrs).map((value, index) => ({ path: `network.peerCidrs[${index}]`, value })),
  ];
  return [...pairsOf(inside), ...pairsOf(outside)].map(([earlier, later]) => {
    const [a, b] = [parseCidr(earlier.value), parseCidr(later.value)];
    if (a === undefined || b === undefined || !overlaps(a, b)) return undefined;
    const message = `${later.value} overlaps ${earlier.value} of ${earlier.path}`;
    return { path: later.path, value: later.value, message, allowed: 'a range of its own' };
  });
}

const pairsOf = <T>(all: readonly T[]): readonly (readonly [T, T])[] =>
  all.flatMap((later, index) => all.slice(0, index).map((earlier) => [earlier, later] as const));

/** What may be reached, and who may ask: each by name, nobody by accident. */
function checkOutside({ egress, biSourceCidrs }: Network): readonly Check[] {
  return [
    ...egress.flatMap(({ name, cidr, ports }, index) => {
      const at = `network.egress[${index}]`;
      const twice = egress.slice(0, index).some((one) => one.name === name);
      return [
        pattern(`${at}.name`, name, /^[a-z][a-z0-9-]{0,19}$/, 'needs a short name'),
        twice ? { path: `${at}.name`, value: name, message: 'named twice', allowed: 'a name of its own' } : undefined,
        checkDestination(`${at}.cidr`, cidr),
        ports.length > 0 && ports.every((port) => Number.isInteger(port) && port >= 1 && port <= 65_535)
          ? undefined
          : { path: `${at}.ports`, value: ports, message: 'needs ports', allowed: 'whole numbers from 1 to 65535' },
      ];
    }),
    ...biSourceCidrs.map((value, index) => {
      const found = parseCidr(value);
      if (found !== undefined && isPrivate(found)) return undefined;
      const message = 'the internet never reaches data: reporting tools come through a peering or VPN';
      return { path: `network.biSourceCidrs[${index}]`, value, message, allowed: 'a private range' };
    }),
  ];
}

function checkDestination(path: string, value: string): Check {
  const found = parseCidr(value);
  if (found === undefined) return { path, value, ...NOT_A_RANGE };
  if (found.bits >= 8) return undefined;
  const waiver = { rule: 'NET-EGRESS-ANY', resource: 'network' };
  return { path, value, message: 'egress needs a named destination', allowed: '/8 or longer', waiver };
}
