const PATTERN = /^([+-]?[0-9]*\.?[0-9]+|[+-]?[0-9]+\.)(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][+-]?[0-9]+)?$/;

const SUFFIXES: Readonly<Record<string, readonly [base: bigint, power: number]>> = {
  n: [10n, -9],
  u: [10n, -6],
  m: [10n, -3],
  k: [10n, 3],
  M: [10n, 6],
  G: [10n, 9],
  T: [10n, 12],
  P: [10n, 15],
  E: [10n, 18],
  Ki: [2n, 10],
  Mi: [2n, 20],
  Gi: [2n, 30],
  Ti: [2n, 40],
  Pi: [2n, 50],
  Ei: [2n, 60],
};

/** The quantity in billionths, the smallest unit that Kubernetes keeps; undefined when the text is no quantity. */
export const parseQuantity = (text: string): bigint | undefined => {
  const match = PATTERN.exec(text);
  if (match === null) return undefined;
  const [, digits = '', suffix = ''] = match;
  const [whole = '', fraction = ''] = digits.split('.');
  const [base, power] = SUFFIXES[suffix] ?? [10n, suffix === '' ? 0 : Number(suffix.slice(1))];
  // Exact up to 2^60 × 10^18, and no exponent makes a number that takes seconds to write down.
  if (Math.abs(power) > 100) return undefined;
  const scaled = BigInt(`${whole}${fraction}`.replace('+', '')) * 10n ** 9n;
  const multiplied = power >= 0 ? scaled * base ** BigInt(power) : scaled / base ** BigInt(-power);
  return multiplied / 10n ** BigInt(fraction.length);
};

/** `1000m` and `1` are one amount; servers store the shorter. */
export const equalQuantities = (a: string, b: string): boolean => {
  const left = parseQuantity(a);
  return left !== undefined && left === parseQuantity(b);
};
