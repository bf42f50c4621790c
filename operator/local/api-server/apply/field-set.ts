import { type Dict, isDict, type MutableDict } from '../objects.js';
import { isNamedField, type Schema } from '../schema/schema.js';
import { childSchema } from './path-element.js';

/**
 * A set of field paths, as a tree: who owns what. Elements are spelled as in `fieldsV1`: `f:name` for a field,
 * `k:{…}` for an item of a keyed list, `v:…` for an item of a set. Sets are values: nothing changes one once built.
 */
export interface FieldSet {
  readonly members: ReadonlySet<string>;
  readonly children: ReadonlyMap<string, FieldSet>;
}

export const EMPTY: FieldSet = { members: new Set(), children: new Map() };

export const isEmptySet = (set: FieldSet): boolean => set.members.size === 0 && set.children.size === 0;

export const hasMember = (set: FieldSet, element: string): boolean => set.members.has(element);

export const childOf = (set: FieldSet, element: string): FieldSet => set.children.get(element) ?? EMPTY;

export function fieldSet(members: Set<string>, children: Map<string, FieldSet>): FieldSet {
  return members.size === 0 && children.size === 0 ? EMPTY : { members, children };
}

/** The same tree with every empty branch left out. */
export function withChild(children: Map<string, FieldSet>, element: string, child: FieldSet): void {
  if (!isEmptySet(child)) children.set(element, child);
}

export function union(left: FieldSet, right: FieldSet): FieldSet {
  if (left === right || isEmptySet(right)) return left;
  if (isEmptySet(left)) return right;
  const children = new Map(left.children);
  for (const [element, child] of right.children) {
    const own = children.get(element);
    children.set(element, own === undefined ? child : union(own, child));
  }
  return { members: new Set([...left.members, ...right.members]), children };
}

export function difference(left: FieldSet, right: FieldSet): FieldSet {
  if (isEmptySet(left) || isEmptySet(right)) return left;
  const members = new Set<string>();
  for (const element of left.members) if (!right.members.has(element)) members.add(element);
  const children = new Map<string, FieldSet>();
  for (const [element, child] of left.children) {
    const other = right.children.get(element);
    withChild(children, element, other === undefined ? child : difference(child, other));
  }
  return fieldSet(members, children);
}

export function intersection(left: FieldSet, right: FieldSet): FieldSet {
  if (isEmptySet(left) || isEmptySet(right)) return EMPTY;
  const members = new Set<string>();
  for (const element of left.members) if (right.members.has(element)) members.add(element);
  const children = new Map<string, FieldSet>();
  for (const [element, child] of left.children) {
    const other = right.children.get(element);
    if (other !== undefined) withChild(children, element, intersection(child, other));
  }
  return fieldSet(members, children);
}

export function sameSet(left: FieldSet, right: FieldSet): boolean {
  if (left === right) return true;
  if (left.members.size !== right.members.size || left.children.size !== right.children.size) return false;
  for (const element of left.members) if (!right.members.has(element)) return false;
  for (const [element, child] of left.children) {
    const other = right.children.get(element);
    if (other === undefined || !sameSet(child, other)) return false;
  }
  return true;
}

/** Whoever owns something below a field that the schema names also owns the field: list items only when they say so. */
export function withNamedParents(set: FieldSet, schema: Schema | undefined): FieldSet {
  if (set.children.size === 0) return set;
  const members = new Set(set.members);
  const children = new Map<string, FieldSet>();
  for (const [element, child] of set.children) {
    if (element.startsWith('f:') && isNamedField(schema, element.slice(2))) members.add(element);
    children.set(element, withNamedParents(child, childSchema(schema, element)));
  }
  return { members, children };
}

/** Every path of the set, each a list of elements: at each level what is owned there, then what is below. */
export function* pathsOf(set: FieldSet, prefix: readonly string[] = []): Generator<readonly string[]> {
  for (const element of [...set.members].sort()) yield [...prefix, element];
  for (const element of [...set.children.keys()].sort()) yield* pathsOf(childOf(set, element), [...prefix, element]);
}

export function encodeFieldsV1(set: FieldSet): Dict {
  const fields: MutableDict = {};
  for (const element of [...new Set([...set.members, ...set.children.keys()])].sort()) {
    const child = set.children.get(element);
    if (child === undefined) fields[element] = {};
    else fields[element] = { ...(set.members.has(element) ? { '.': {} } : {}), ...encodeFieldsV1(child) };
  }
  return fields;
}

const decoded = new WeakMap<Dict, FieldSet>();

/** Stored objects are never changed, so what was decoded once stays true. */
export function decodeFieldsV1(fields: Dict): FieldSet {
  const known = decoded.get(fields);
  if (known !== undefined) return known;
  const members = new Set<string>();
  const children = new Map<string, FieldSet>();
  for (const [element, below] of Object.entries(fields)) {
    if (element === '.' || !isDict(below)) continue;
    const entries = Object.keys(below);
    if (entries.length === 0 || Object.hasOwn(below, '.')) members.add(element);
    if (entries.some((key) => key !== '.')) children.set(element, decodeFieldsV1(below));
  }
  const set = fieldSet(members, children);
  decoded.set(fields, set);
  return set;
}
