import { isDict, isMutableDict, type MutableDict } from '../objects.js';

/** The object under a field of a draft, made when it is missing. */
export function objectIn(parent: MutableDict, field: string): MutableDict {
  const known = parent[field];
  if (isMutableDict(known)) return known;
  const made: MutableDict = {};
  parent[field] = made;
  return made;
}

/** The objects in a list of a draft; none when there is no list. */
export function objectsIn(parent: MutableDict, field: string): readonly MutableDict[] {
  const list = parent[field];
  return Array.isArray(list) ? list.filter(isMutableDict) : [];
}

export function optionalIn(parent: MutableDict, field: string): MutableDict | undefined {
  const known = parent[field];
  return isMutableDict(known) ? known : undefined;
}

/** Sets what is missing; what is there stays. */
export function fill(target: MutableDict, defaults: Readonly<Record<string, unknown>>): void {
  for (const [field, value] of Object.entries(defaults)) {
    if (target[field] === undefined) target[field] = value;
  }
}

export const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  (Array.isArray(value) && value.length === 0) ||
  (isDict(value) && Object.keys(value).length === 0);
