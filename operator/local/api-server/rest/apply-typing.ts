import { fieldElement, itemElement } from '../apply/path-element.js';
import { isDict } from '../objects.js';
import { allowsUnknown, fieldSchema, type Schema, shapeFor } from '../schema/schema.js';
import { typeName } from '../schema/validate-scalar.js';

/** What keeps a configuration from being applied: a field nobody declared, a value of another type, an item without its key. */
export function undeclaredField(value: unknown, schema: Schema | undefined, path = ''): string | undefined {
  if (schema === undefined || value === null) return undefined;
  const wrong = wrongType(value, schema, path);
  if (wrong !== undefined) return wrong;
  if (Array.isArray(value)) return undeclaredItem(value, schema, path);
  if (!isDict(value)) return undefined;
  for (const [name, entry] of Object.entries(value)) {
    const own = fieldSchema(schema, name);
    const at = `${path}.${name}`;
    if (own === undefined && !allowsUnknown(schema)) {
      const embedded =
        schema['x-kubernetes-embedded-resource'] === true && ['apiVersion', 'kind', 'metadata'].includes(name);
      if (!embedded) return `${at}: field not declared in schema`;
    }
    const below = undeclaredField(entry, own, at);
    if (below !== undefined) return below;
  }
  return undefined;
}

function wrongType(value: unknown, schema: Schema, path: string): string | undefined {
  if (schema['x-kubernetes-int-or-string'] === true || schema.type === undefined) return undefined;
  const actual = typeName(value);
  if (actual === schema.type || (schema.type === 'number' && actual === 'integer')) return undefined;
  const expected =
    { object: 'map', array: 'list', integer: 'numeric (int or float)', number: 'numeric (int or float)' }[
      schema.type
    ] ?? schema.type;
  // A fraction where a whole number belongs is numeric: validation says more about it.
  if (schema.type === 'integer' && actual === 'number') return undefined;
  return `${path}: expected ${expected}, got &value.valueUnstructured{Value:${JSON.stringify(value)}}`;
}

function undeclaredItem(items: readonly unknown[], schema: Schema, path: string): string | undefined {
  const shape = shapeFor(schema, items);
  const seen = new Set<string>();
  for (const [index, item] of items.entries()) {
    const element = shape === 'list-map' || shape === 'set' ? itemElement(schema, item) : fieldElement(String(index));
    if (element === undefined) {
      const [key = ''] = schema['x-kubernetes-list-map-keys'] ?? [];
      return `${path}: element ${index}: associative list with keys has an element that omits key field "${key}" (and doesn't have default value)`;
    }
    if (seen.has(element)) return `${path}: duplicate entries for key ${element.replace(/^[kv]:/, '')}`;
    seen.add(element);
    const below = undeclaredField(item, schema.items, `${path}[${index}]`);
    if (below !== undefined) return below;
  }
  return undefined;
}
