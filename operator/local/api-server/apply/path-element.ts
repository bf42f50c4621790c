import { isDict } from '../objects.js';
import { fieldSchema, type Schema, shapeFor } from '../schema/schema.js';

export const fieldElement = (name: string): string => `f:${name}`;

const defaultOf = (items: Schema | undefined, key: string): unknown => fieldSchema(items, key)?.default;

/** The element of an item of a keyed list or a set; undefined when the item lacks a key (and the key has no default). */
export function itemElement(list: Schema, item: unknown): string | undefined {
  if (list['x-kubernetes-list-type'] === 'set') return `v:${JSON.stringify(item)}`;
  const keys = list['x-kubernetes-list-map-keys'] ?? [];
  if (!isDict(item)) return undefined;
  const values: Record<string, unknown> = {};
  let found = false;
  for (const key of [...keys].sort()) {
    const value = item[key] ?? defaultOf(list.items, key);
    if (value === undefined || value === null) continue;
    found = true;
    values[key] = value;
  }
  return found ? `k:${JSON.stringify(values)}` : undefined;
}

/** The schema one step down. */
export function childSchema(schema: Schema | undefined, element: string): Schema | undefined {
  return element.startsWith('f:') ? fieldSchema(schema, element.slice(2)) : schema?.items;
}

/** `.spec.template.spec.containers[name="memory"].image`: how a conflict names a path. */
export function describePath(path: readonly string[]): string {
  return path.map(describeElement).join('');
}

function describeElement(element: string): string {
  const body = element.slice(2);
  if (element.startsWith('f:')) return `.${body}`;
  if (element.startsWith('v:')) return `[=${body}]`;
  const keys = Object.entries(JSON.parse(body) as Record<string, unknown>);
  return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`;
}

export const isKeyedList = (schema: Schema | undefined, value: unknown): boolean => {
  const shape = shapeFor(schema, value);
  return shape === 'list-map' || shape === 'set';
};
