/** A range of IPv4 addresses, both ends included. */
export interface Range {
  readonly first: number;
  readonly last: number;
  readonly bits: number;
}

const SHAPE = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/;

/** undefined = not a range, or one with bits behind its prefix, which every cloud refuses or silently cuts off. */
export function parseCidr(text: string): Range | undefined {
  const match = typeof text === 'string' ? SHAPE.exec(text) : null;
  if (match === null) return undefined;
  const [a = 0, b = 0, c = 0, d = 0, bits = 0] = match.slice(1).map(Number);
  if ([a, b, c, d].some((octet) => octet > 255) || bits > 32) return undefined;
  // Not with shifts: they are signed, and 32 of them are none.
  const size = 2 ** (32 - bits);
  const first = ((a * 256 + b) * 256 + c) * 256 + d;
  return first % size === 0 ? { first, last: first + size - 1, bits } : undefined;
}

export const overlaps = (a: Range, b: Range): boolean => a.first <= b.last && b.first <= a.last;

export const contains = (outer: Range, inner: Range): boolean => outer.first <= inner.first && inner.last <= outer.last;

const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'].flatMap(
  (one) => parseCidr(one) ?? [],
);

/** Not routed on the internet: RFC 1918, and RFC 6598, which carriers and clouds use like it. */
export const isPrivate = (range: Range): boolean => PRIVATE.some((one) => contains(one, range));
