import { isDict, sameJson } from '../objects.js';
import { fieldSchema, type Schema, shapeFor } from '../schema/schema.js';
import { EMPTY, type FieldSet, fieldSet, isEmptySet, union } from './field-set.js';
import { fieldElement, itemElement } from './path-element.js';

/** What is different in a new object: paths that came, went, or have another value. */
export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

const SAME: Comparison = { added: EMPTY, modified: EMPTY, removed: EMPTY };

export const isSame = (comparison: Comparison): boolean =>
  isEmptySet(comparison.added) && isEmptySet(comparison.modified) && isEmptySet(comparison.removed);

interface Builder {
  readonly members: Set<string>;
  readonly children: Map<string, FieldSet>;
}

const KINDS = ['added', 'modified', 'removed'] as const;
type Builders = Record<(typeof KINDS)[number], Builder>;

const newBuilders = (): Builders => ({
  added: { members: new Set(), children: new Map() },
  modified: { members: new Set(), children: new Map() },
  removed: { members: new Set(), children: new Map() },
});

const finish = (builders: Builders): Comparison => ({
  added: fieldSet(builders.added.members, builders.added.children),
  modified: fieldSet(builders.modified.members, builders.modified.children),
  removed: fieldSet(builders.removed.members, builders.removed.children),
});

/** Compares what is below a value. Untouched branches are the same reference, so a small change costs little. */
export function compareFields(before: unknown, after: unknown, schema: Schema | undefined): Comparison {
  if (before === after) return SAME;
  const shape = shapeFor(schema, after ?? before);
  if (shape === 'list-map' || shape === 'set') return compareItems(before, after, schema);
  if (shape === 'struct' || shape === 'map') return compareDicts(before, after, schema);
  return SAME;
}

function compareDicts(before: unknown, after: unknown, schema: Schema | undefined): Comparison {
  const old = isDict(before) ? before : {};
  const now = isDict(after) ? after : {};
  const builders = newBuilders();
  for (const [name, value] of Object.entries(now)) {
    const was = Object.hasOwn(old, name) ? old[name] : undefined;
    if (was !== value) compareEntry(builders, fieldElement(name), was, value, fieldSchema(schema, name));
  }
  for (const [name, was] of Object.entries(old)) {
    if (!Object.hasOwn(now, name))
      compareEntry(builders, fieldElement(name), was, undefined, fieldSchema(schema, name));
  }
  return finish(builders);
}

function compareItems(before: unknown, after: unknown, schema: Schema | undefined): Comparison {
  const old = itemsByElement(before, schema);
  const now = itemsByElement(after, schema);
  const builders = newBuilders();
  for (const [element, value] of now) compareEntry(builders, element, old.get(element), value, schema?.items);
  for (const [element, was] of old) {
    if (!now.has(element)) compareEntry(builders, element, was, undefined, schema?.items);
  }
  return finish(builders);
}

export function itemsByElement(list: unknown, schema: Schema | undefined): ReadonlyMap<string, unknown> {
  const items = new Map<string, unknown>();
  if (!Array.isArray(list) || schema === undefined) return items;
  for (const item of list) {
    const element = itemElement(schema, item);
    if (element !== undefined) items.set(element, item);
  }
  return items;
}

function compareEntry(
  builders: Builders,
  element: string,
  was: unknown,
  is: unknown,
  schema: Schema | undefined,
): void {
  if (was === is) return;
  if (was === undefined) builders.added.members.add(element);
  else if (is === undefined) builders.removed.members.add(element);
  else if (isWhole(was, is, schema)) {
    if (!sameJson(was, is)) builders.modified.members.add(element);
    return;
  } else if (was !== null && is !== null && shapeFor(schema, was) !== shapeFor(schema, is)) {
    compareTypes(builders, element, was, is, schema);
    return;
  }
  addBelow(builders, element, compareFields(was, is, schema));
}

function addBelow(builders: Builders, element: string, below: Comparison): void {
  for (const kind of KINDS) {
    if (isEmptySet(below[kind])) continue;
    const known = builders[kind].children.get(element);
    builders[kind].children.set(element, known === undefined ? below[kind] : union(known, below[kind]));
  }
}

/** Where no schema says what a value is and it became another thing: all of the old went, all of the new came. */
function compareTypes(
  builders: Builders,
  element: string,
  was: unknown,
  is: unknown,
  schema: Schema | undefined,
): void {
  builders.removed.members.add(element);
  builders.added.members.add(element);
  addBelow(builders, element, compareFields(was, undefined, schema));
  addBelow(builders, element, compareFields(undefined, is, schema));
}

function isLeaf(value: unknown, schema: Schema | undefined): boolean {
  const shape = shapeFor(schema, value);
  return shape === 'scalar' || shape === 'atomic';
}

const isLeafOrNull = (value: unknown, schema: Schema | undefined): boolean => value === null || isLeaf(value, schema);

/**
 * Whether a difference is the value's own: a scalar, or a list that is taken whole. A null beside a map or a keyed list
 * counts as an empty one.
 */
const isWhole = (was: unknown, is: unknown, schema: Schema | undefined): boolean =>
  isLeafOrNull(was, schema) && isLeafOrNull(is, schema);

export const changedFields = (comparison: Comparison): FieldSet => union(comparison.added, comparison.modified);
