import type { Json } from '../../http/json.js';
import type { Memory } from '../../memories/schema.js';
import { normalise } from '../../sealing/index.js';
import { readPath } from './metadata.js';
import { holdsPhrase } from './phrase.js';
import type { Comparison, Filter, Scalar, Test } from './tree.js';

/** Whether the filter is true for a memory as a client sees it. What the database says of a filter is this, or more. */
export const matchesFilter = (filter: Filter, memory: Memory): boolean => {
  switch (filter.kind) {
    case 'all':
      return filter.of.every((one) => matchesFilter(one, memory));
    case 'any':
      return filter.of.some((one) => matchesFilter(one, memory));
    case 'not':
      return !matchesFilter(filter.of, memory);
    default:
      return matchesTest(filter, memory);
  }
};

const matchesTest = (test: Test, memory: Memory): boolean => {
  const values = valuesOf(test, memory);
  switch (test.kind) {
    case 'exists':
      return values.some((value) => value !== null && !(Array.isArray(value) && value.length === 0));
    case 'in':
      return values.some((value) => (test.values as readonly Json[]).includes(value));
    case 'contains':
      return values.some((value) => contains(value, test.value, test.folded));
    case 'compare':
      return values.some((value) => compares(value, test.operator, test.value));
  }
};

/** What the memory has in this field: nothing, one value, or of metadata every one that the path leads to. */
const valuesOf = ({ field, kind }: Test, memory: Memory): readonly Json[] => {
  const { storage, path } = field;
  if (storage.kind === 'metadata') return readPath(memory.metadata as { readonly [key: string]: Json }, path);
  if (storage.kind === 'namespace') return kind === 'exists' ? [memory.namespace] : [memory.namespace.join('.')];
  if (storage.kind === 'namespacePrefix') return prefixesOf(memory.namespace);
  const [head = '', tail] = path.split('.');
  const value = (memory as unknown as Readonly<Record<string, Json>>)[head] ?? null;
  const inner = tail === undefined ? value : ((value as Readonly<Record<string, Json>> | null)?.[tail] ?? null);
  if (storage.kind === 'time') return typeof inner === 'string' ? [new Date(inner).getTime()] : [];
  return inner === null ? [] : [inner];
};

/** `a`, `a.b`, `a.b.c`. */
export const prefixesOf = (namespace: readonly string[]): readonly string[] =>
  namespace.map((_, index) => namespace.slice(0, index + 1).join('.'));

/** A text contains a phrase of whole words; a list contains an item. */
const contains = (value: Json, wanted: Scalar, folded: boolean): boolean => {
  if (typeof value === 'string') return typeof wanted === 'string' && holdsPhrase(value, wanted, folded);
  if (!Array.isArray(value)) return false;
  return value.some(
    (item) =>
      item === wanted ||
      (folded && typeof item === 'string' && typeof wanted === 'string' && normalise(item) === normalise(wanted)),
  );
};

const compares = (value: Json, operator: Comparison, wanted: Scalar): boolean => {
  const order = compareScalars(value, wanted);
  if (order === undefined) return false;
  if (operator === 'gt') return order > 0;
  if (operator === 'gte') return order >= 0;
  return operator === 'lt' ? order < 0 : order <= 0;
};

/** Numbers by size, texts by their bytes; anything else has no order. */
const compareScalars = (value: Json, wanted: Scalar): number | undefined => {
  if (typeof value === 'number' && typeof wanted === 'number') return value - wanted;
  if (typeof value === 'string' && typeof wanted === 'string')
    return Buffer.compare(Buffer.from(value), Buffer.from(wanted));
  return undefined;
};
