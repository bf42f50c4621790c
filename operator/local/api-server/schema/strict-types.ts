import { isDict, type MutableDict } from '../objects.js';
import { canonicalQuantity, parseQuantity } from './quantity.js';
import { fieldSchema, type Schema } from './schema.js';

/** The sentence Go's decoder would say, once it knows the kind's name. */
export type Mismatch = (kind: string) => string;

const goType = (schema: Schema): string => {
  switch (schema.type) {
    case 'integer':
      return schema.format === 'int32' ? 'int32' : 'int64';
    case 'boolean':
      return 'bool';
    case 'array':
      return '[]';
    case 'object':
      return schema.additionalProperties === undefined ? 'struct' : 'map';
    default:
      return schema.type ?? 'value';
  }
};

const jsonType = (value: unknown): string => {
  if (typeof value === 'boolean') return 'bool';
  return Array.isArray(value) ? 'array' : typeof value;
};

function fits(value: unknown, schema: Schema): boolean {
  if (schema['x-kubernetes-int-or-string'] === true) return typeof value === 'string' || typeof value === 'number';
  switch (schema.type) {
    case 'integer':
      return typeof value === 'number' && Number.isInteger(value);
    case 'number':
    case 'string':
    case 'boolean':
      return typeof value === schema.type;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isDict(value);
    default:
      return true;
  }
}

/** The first value whose JSON type is not the field's: Go's decoder refuses it before anybody validates. */
export function firstMismatch(value: unknown, schema: Schema | undefined, path: string): Mismatch | undefined {
  if (schema === undefined || value === null || value === undefined) return undefined;
  if (schema.format === 'quantity' && typeof value === 'string' && parseQuantity(value) === undefined) {
    return () => `quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`;
  }
  if (!fits(value, schema)) {
    return (kind) => {
      const field = path === '' ? kind : `${kind}.${path}`;
      return `cannot unmarshal ${jsonType(value)} into Go struct field ${field} of type ${goType(schema)}`;
    };
  }
  if (Array.isArray(value)) return firstOf(value.map((item) => [item, schema.items, path] as const));
  if (!isDict(value)) return undefined;
  return firstOf(
    Object.entries(value).map(([name, entry]) => {
      const own = schema.properties !== undefined && Object.hasOwn(schema.properties, name);
      return [entry, fieldSchema(schema, name), own ? (path === '' ? name : `${path}.${name}`) : path] as const;
    }),
  );
}

function firstOf(values: readonly (readonly [unknown, Schema | undefined, string])[]): Mismatch | undefined {
  for (const [value, schema, path] of values) {
    const mismatch = firstMismatch(value, schema, path);
    if (mismatch !== undefined) return mismatch;
  }
  return undefined;
}

/** Lists that built-in kinds show even when they are empty. */
const SHOWN_EMPTY: ReadonlySet<string> = new Set(['rules', 'endpoints', 'verbs', 'containers', 'args', 'command']);

/** A map or list that a built-in kind leaves out when there is nothing in it. */
function isLeftOut(name: string, value: unknown, parent: Schema, schema: Schema | undefined): boolean {
  if (parent.required?.includes(name) === true || SHOWN_EMPTY.has(name)) return false;
  if (Array.isArray(value)) return value.length === 0 && schema?.type === 'array';
  return isDict(value) && schema?.additionalProperties !== undefined && Object.keys(value).length === 0;
}

/**
 * A built-in kind's value as Kubernetes writes it: a null or an empty map is a field that is not set, a quantity has one
 * spelling. Where any JSON goes, everything stays.
 */
export function normalized(value: unknown, schema: Schema | undefined): unknown {
  if (schema === undefined || schema['x-kubernetes-preserve-unknown-fields'] === true) return value;
  if (schema.format === 'quantity') return canonicalQuantity(String(value));
  if (Array.isArray(value)) {
    let changed = false;
    const items = value.map((item) => {
      const next = normalized(item, schema.items);
      if (next !== item) changed = true;
      return next;
    });
    return changed ? items : value;
  }
  return isDict(value) ? normalizedDict(value, schema) : value;
}

function normalizedDict(value: Readonly<Record<string, unknown>>, schema: Schema): unknown {
  let kept: MutableDict | undefined;
  for (const [name, entry] of Object.entries(value)) {
    const own = fieldSchema(schema, name);
    const filled = entry === null ? undefined : normalized(entry, own);
    const next = filled === undefined || isLeftOut(name, filled, schema, own) ? undefined : filled;
    if (next === entry) continue;
    kept ??= { ...value };
    if (next === undefined) delete kept[name];
    else kept[name] = next;
  }
  return kept ?? value;
}
