import { itemElement } from '../apply/path-element.js';
import type { Schema } from './schema.js';

/** How to find an item's former self: by its key in a keyed list, not at all in one that is whole. */
export function itemsByElementOf(schema: Schema, old: unknown): ((item: unknown) => unknown) | undefined {
  if (!Array.isArray(old)) return undefined;
  if (schema['x-kubernetes-list-type'] !== 'map' && schema['x-kubernetes-list-type'] !== 'set') return undefined;
  const items = new Map<string, unknown>();
  for (const entry of old) {
    const element = itemElement(schema, entry);
    if (element !== undefined) items.set(element, entry);
  }
  return (item) => {
    const element = itemElement(schema, item);
    return element === undefined ? undefined : items.get(element);
  };
}
