import { Environment } from '@marcbachmann/cel-js';
import { CelQuantity, parseQuantity } from '../schema/quantity.js';
import { registerNetwork } from './network-functions.js';

const OPTIONS = { unlistedVariablesAreDyn: false, homogeneousAggregateLiterals: false, enableOptionalTypes: true };

const sum = (list: readonly unknown[]): unknown => {
  if (list.every((entry) => typeof entry === 'bigint')) return list.reduce((total: bigint, entry) => total + entry, 0n);
  return list.reduce((total: number, entry) => total + Number(entry), 0);
};

const compare = (left: unknown, right: unknown): number => {
  const [a, b] = [left as bigint, right as bigint];
  return a < b ? -1 : a > b ? 1 : 0;
};

const extreme = (list: readonly unknown[], sign: 1 | -1): unknown => {
  if (list.length === 0) throw new Error('min/max called on empty list');
  return list.reduce((best, entry) => (compare(entry, best) * sign > 0 ? entry : best));
};

const isSorted = (list: readonly unknown[]): boolean =>
  list.every((entry, index) => index === 0 || compare(list[index - 1], entry) <= 0);

function format(template: string, values: readonly unknown[]): string {
  let next = 0;
  return template.replace(/%(%|s|d|\.?\d*f|[beoxX])/g, (match, verb: string) => {
    if (verb === '%') return '%';
    const value = values[next];
    next += 1;
    if (verb === 'x' || verb === 'X') return BigInt(value as bigint).toString(16);
    if (verb.endsWith('f')) return Number(value).toFixed(verb === 'f' ? 6 : Number(verb.slice(1, -1)));
    return value === undefined ? match : String(value);
  });
}

function replace(text: string, from: string, to: string, limit: bigint): string {
  let rest = text;
  let done = '';
  for (let count = 0n; limit < 0n || count < limit; count += 1n) {
    const at = rest.indexOf(from);
    if (at < 0 || from === '') break;
    done += rest.slice(0, at) + to;
    rest = rest.slice(at + from.length);
  }
  return done + rest;
}

const plain = (pattern: string): RegExp => new RegExp(pattern, 'u');
const findAll = (text: string, pattern: string): string[] =>
  [...text.matchAll(new RegExp(pattern, 'gu'))].map((match) => match[0]);

function registerStrings(env: Environment): Environment {
  return env
    .registerFunction('string.replace(string, string): string', (text: string, from: string, to: string) =>
      text.replaceAll(from, to),
    )
    .registerFunction('string.replace(string, string, int): string', replace)
    .registerFunction(
      'string.find(string): string',
      (text: string, pattern: string) => plain(pattern).exec(text)?.[0] ?? '',
    )
    .registerFunction('string.findAll(string): list<string>', findAll)
    .registerFunction('string.findAll(string, int): list<string>', (text: string, pattern: string, limit: bigint) =>
      findAll(text, pattern).slice(0, limit < 0n ? undefined : Number(limit)),
    )
    .registerFunction('string.charAt(int): string', (text: string, at: bigint) => text.charAt(Number(at)))
    .registerFunction('string.format(list): string', format);
}

function registerLists(env: Environment): Environment {
  return env
    .registerFunction('list.sum(): dyn', sum)
    .registerFunction('list.min(): dyn', (list: readonly unknown[]) => extreme(list, -1))
    .registerFunction('list.max(): dyn', (list: readonly unknown[]) => extreme(list, 1))
    .registerFunction('list.isSorted(): bool', isSorted)
    .registerFunction('list.indexOf(dyn): int', (list: readonly unknown[], wanted: unknown) =>
      BigInt(list.indexOf(wanted)),
    )
    .registerFunction('list.lastIndexOf(dyn): int', (list: readonly unknown[], wanted: unknown) =>
      BigInt(list.lastIndexOf(wanted)),
    );
}

function registerQuantities(env: Environment): Environment {
  return env
    .registerType('Quantity', CelQuantity)
    .registerFunction('quantity(string): Quantity', (text: string) => new CelQuantity(text))
    .registerFunction('isQuantity(string): bool', (text: string) => parseQuantity(text) !== undefined)
    .registerFunction('Quantity.isGreaterThan(Quantity): bool', (a: CelQuantity, b: CelQuantity) => a.compareTo(b) > 0)
    .registerFunction('Quantity.isLessThan(Quantity): bool', (a: CelQuantity, b: CelQuantity) => a.compareTo(b) < 0)
    .registerFunction('Quantity.compareTo(Quantity): int', (a: CelQuantity, b: CelQuantity) => BigInt(a.compareTo(b)))
    .registerFunction('Quantity.sign(): int', (a: CelQuantity) => BigInt(a.sign()))
    .registerFunction('Quantity.asInteger(): int', (a: CelQuantity) => a.asInteger());
}

/** CEL as the API server has it: the language and the extension functions of Kubernetes that rules use. */
export function createEnvironment(): Environment {
  return registerNetwork(registerQuantities(registerLists(registerStrings(new Environment(OPTIONS)))));
}
