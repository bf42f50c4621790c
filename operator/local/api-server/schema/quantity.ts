const SUFFIXES: Readonly<Record<string, bigint>> = {
  '': 1_000_000_000n,
  n: 1n,
  u: 1_000n,
  m: 1_000_000n,
  k: 1_000_000_000_000n,
  M: 10n ** 15n,
  G: 10n ** 18n,
  T: 10n ** 21n,
  P: 10n ** 24n,
  E: 10n ** 27n,
  Ki: 2n ** 10n * 1_000_000_000n,
  Mi: 2n ** 20n * 1_000_000_000n,
  Gi: 2n ** 30n * 1_000_000_000n,
  Ti: 2n ** 40n * 1_000_000_000n,
  Pi: 2n ** 50n * 1_000_000_000n,
  Ei: 2n ** 60n * 1_000_000_000n,
};

const QUANTITY = /^([+-]?)(\d*)(?:\.(\d*))?(?:([eE][+-]?\d+)|(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei))?$/;

export interface Quantity {
  /** In billionths: Kubernetes keeps nothing smaller. */
  readonly nano: bigint;
  readonly binary: boolean;
  readonly exponent: boolean;
}

/** A Kubernetes quantity (`1Gi`, `500m`, `0.5`), or undefined when it is none. */
export function parseQuantity(text: string): Quantity | undefined {
  const match = QUANTITY.exec(text);
  if (match === null) return undefined;
  const [, sign = '', whole = '', fraction = '', exponent = '', suffix = ''] = match;
  if (whole === '' && fraction === '') return undefined;
  const power = exponent === '' ? 0 : Number(exponent.slice(1));
  const scale = SUFFIXES[suffix] ?? 1n;
  const digits = BigInt(`${whole}${fraction}` || '0') * scale;
  const shift = power - fraction.length;
  const nano = shift >= 0 ? digits * 10n ** BigInt(shift) : ceilDivide(digits, 10n ** BigInt(-shift));
  return { nano: sign === '-' ? -nano : nano, binary: suffix.endsWith('i'), exponent: exponent !== '' };
}

const ceilDivide = (value: bigint, by: bigint): bigint => (value + by - 1n) / by;

const DECIMAL = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const BINARY = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/** The spelling that Kubernetes stores: the largest suffix that leaves a whole number, in the base it was written in. */
export function canonicalQuantity(text: string): string {
  const quantity = parseQuantity(text);
  if (quantity === undefined) return text;
  const { nano, binary, exponent } = quantity;
  if (exponent) return text;
  if (nano === 0n) return '0';
  const sign = nano < 0n ? '-' : '';
  const size = nano < 0n ? -nano : nano;
  const wholeUnits = size % 1_000_000_000n === 0n && size >= 1024n * 1_000_000_000n;
  for (const suffix of (binary && wholeUnits ? [...DECIMAL.slice(3, 4), ...BINARY] : DECIMAL).toReversed()) {
    const scale = SUFFIXES[suffix] ?? 1n;
    if (size % scale === 0n) return `${sign}${size / scale}${suffix}`;
  }
  return text;
}

export class CelQuantity {
  readonly nano: bigint;
  constructor(text: string) {
    const quantity = parseQuantity(text);
    if (quantity === undefined)
      throw new Error(`quantities must match the regular expression, got ${JSON.stringify(text)}`);
    this.nano = quantity.nano;
  }

  compareTo(other: CelQuantity): number {
    return this.nano < other.nano ? -1 : this.nano > other.nano ? 1 : 0;
  }

  sign(): number {
    return this.nano < 0n ? -1 : this.nano > 0n ? 1 : 0;
  }

  asInteger(): bigint {
    if (this.nano % 1_000_000_000n !== 0n) throw new Error('cannot convert value to integer');
    return this.nano / 1_000_000_000n;
  }
}
