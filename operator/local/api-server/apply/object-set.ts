import { isDict } from '../objects.js';
import { fieldSchema, isNamedField, type Schema, shapeFor } from '../schema/schema.js';
import { EMPTY, type FieldSet, fieldSet, isEmptySet } from './field-set.js';
import { fieldElement, itemElement } from './path-element.js';

/** The paths that an object sets: what whoever applies it claims. */
export function fieldsOf(value: unknown, schema: Schema | undefined): FieldSet {
  switch (shapeFor(schema, value)) {
    case 'struct':
    case 'map':
      return isDict(value) ? fieldsOfDict(value, schema) : EMPTY;
    case 'list-map':
    case 'set':
      return Array.isArray(value) && schema !== undefined ? fieldsOfItems(value, schema) : EMPTY;
    default:
      return EMPTY;
  }
}

const isLeaf = (value: unknown, schema: Schema | undefined): boolean => {
  const shape = shapeFor(schema, value);
  return shape === 'scalar' || shape === 'atomic';
};

function fieldsOfDict(value: Readonly<Record<string, unknown>>, schema: Schema | undefined): FieldSet {
  const members = new Set<string>();
  const children = new Map<string, FieldSet>();
  for (const [name, entry] of Object.entries(value)) {
    const element = fieldElement(name);
    const own = fieldSchema(schema, name);
    const below = fieldsOf(entry, own);
    const empty = entry === null || (isDict(entry) && Object.keys(entry).length === 0);
    if (isLeaf(entry, own) || empty || !isNamedField(schema, name)) members.add(element);
    if (!isEmptySet(below)) children.set(element, below);
  }
  return fieldSet(members, children);
}

function fieldsOfItems(items: readonly unknown[], schema: Schema): FieldSet {
  const members = new Set<string>();
  const children = new Map<string, FieldSet>();
  for (const item of items) {
    const element = itemElement(schema, item);
    if (element === undefined) continue;
    members.add(element);
    const below = fieldsOf(item, schema.items);
    if (!isEmptySet(below)) children.set(element, below);
  }
  return fieldSet(members, children);
}
