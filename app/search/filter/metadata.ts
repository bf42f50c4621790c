import { isObject, type Json, type JsonObject } from '../../http/json.js';

/**
 * All that a dotted path may mean: a key that holds the dots itself, or a way through nested objects. Filters and tokens
 * mean the same by it.
 */
export const readPath = (metadata: JsonObject, path: string): readonly Json[] =>
  Object.entries(metadata).flatMap(([key, value]) => {
    if (key === path) return [value];
    return isObject(value) && path.startsWith(`${key}.`) ? readPath(value, path.slice(key.length + 1)) : [];
  });

export interface Leaf {
  readonly path: string;
  readonly value: string | number | boolean;
}

/** Every text, number and truth value with its path; those of a list under the list's own. */
export const leavesOf = (metadata: JsonObject, prefix = ''): readonly Leaf[] =>
  Object.entries(metadata).flatMap(([key, value]) => leavesAt(value, `${prefix}${key}`));

const leavesAt = (value: Json, path: string): readonly Leaf[] => {
  if (value === null) return [];
  if (Array.isArray(value)) return value.flatMap((item) => (typeof item === 'object' ? [] : [{ path, value: item }]));
  return isObject(value) ? leavesOf(value, `${path}.`) : [{ path, value: value as Leaf['value'] }];
};
