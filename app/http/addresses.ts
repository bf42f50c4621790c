import { BlockList, isIP, isIPv6 } from 'node:net';

/** A destination that is allowed although it lies in a range that is refused: `10.1.2.0/24`, `fd00::1`, with ports or any. */
export interface EgressRule {
  readonly cidr: string;
  /** Empty for every port. */
  readonly ports: readonly number[];
}

/** IANA's special-purpose registries: nothing on the public internet has such an address. The metadata services are in it. */
const REFUSED: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
  // Azure's metadata and health service has an address that looks public.
  ['168.63.129.16', 32],
  // Of IPv6 only 2000::/3 is routed; within it what stands for an IPv4 address, and documentation.
  ['::', 3],
  ['4000::', 2],
  ['8000::', 1],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

const family = (address: string): 'ipv4' | 'ipv6' => (isIPv6(address) ? 'ipv6' : 'ipv4');

const buildList = (ranges: readonly (readonly [string, number])[]): BlockList => {
  const list = new BlockList();
  for (const [network, prefix] of ranges) list.addSubnet(network, prefix, family(network));
  return list;
};
/** One list a family: a list that holds both takes an IPv4 address for its mapped form, which lies in a range of the other. */
const refused = {
  ipv4: buildList(REFUSED.filter(([network]) => family(network) === 'ipv4')),
  ipv6: buildList(REFUSED.filter(([network]) => family(network) === 'ipv6')),
};

/** `::ffff:10.0.0.1` and its hexadecimal forms are the IPv4 address to every socket. */
export const plainAddress = (address: string): string => {
  const bare = address.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  if (isIP(bare) !== 6) return bare;
  const canonical = new URL(`http://[${bare}]/`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical);
  if (!mapped?.[1] || !mapped[2]) return canonical;
  const [high, low] = [Number.parseInt(mapped[1], 16), Number.parseInt(mapped[2], 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
};

export const parseCidr = (cidr: string): readonly [string, number] | undefined => {
  const [network = '', prefixText, ...rest] = cidr.split('/');
  const version = isIP(network);
  if (version === 0 || rest.length > 0 || (prefixText !== undefined && !/^\d{1,3}$/.test(prefixText))) return undefined;
  const widest = version === 6 ? 128 : 32;
  const prefix = prefixText === undefined ? widest : Number(prefixText);
  return prefix <= widest ? [network, prefix] : undefined;
};

/**
 * Whether a connection to this address may be made. A rule opens a refused range only when it lies in one itself:
 * `0.0.0.0/0`, written to mean the internet, must not open the metadata service.
 */
export const isReachable = (address: string, port: number, rules: readonly EgressRule[]): boolean => {
  const plain = plainAddress(address);
  if (isIP(plain) === 0) return false;
  if (!refused[family(plain)].check(plain, family(plain))) return true;
  return rules.some((rule) => {
    const parsed = parseCidr(rule.cidr);
    if (parsed === undefined || !(rule.ports.length === 0 || rule.ports.includes(port))) return false;
    const [network, prefix] = parsed;
    return (
      family(network) === family(plain) &&
      isWithinRefused(network, prefix) &&
      buildList([parsed]).check(plain, family(plain))
    );
  });
};

const isWithinRefused = (network: string, prefix: number): boolean =>
  REFUSED.some(
    ([range, rangePrefix]) =>
      family(range) === family(network) &&
      prefix >= rangePrefix &&
      buildList([[range, rangePrefix]]).check(network, family(network)),
  );
