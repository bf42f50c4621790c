import { isDict, type MutableDict } from '../objects.js';
import { fieldSchema, type Schema, shapeFor } from '../schema/schema.js';
import type { FieldSet } from './field-set.js';
import { childOf, hasMember, isEmptySet } from './field-set.js';
import { fieldElement, itemElement } from './path-element.js';

/** What `config` says, over `live`: fields that the configuration doesn't name stay as they are. */
export function mergeConfig(live: unknown, config: unknown, schema: Schema | undefined): unknown {
  if (live === undefined || live === null || config === null) return config;
  const shape = shapeFor(schema, config);
  if (shape !== shapeFor(schema, live)) return config;
  switch (shape) {
    case 'struct':
    case 'map':
      return isDict(live) && isDict(config) ? mergeDicts(live, config, schema) : config;
    case 'list-map':
    case 'set':
      return Array.isArray(live) && Array.isArray(config) && schema !== undefined
        ? mergeItems(live, config, schema)
        : config;
    default:
      return config;
  }
}

function mergeDicts(
  live: Readonly<Record<string, unknown>>,
  config: Readonly<Record<string, unknown>>,
  schema: Schema | undefined,
): unknown {
  const merged: MutableDict = { ...live };
  for (const [name, value] of Object.entries(config)) {
    merged[name] = Object.hasOwn(live, name) ? mergeConfig(live[name], value, fieldSchema(schema, name)) : value;
  }
  return merged;
}

/** Items without a key (an apply refuses those it is sent) are each their own. */
const elementOr = (schema: Schema, item: unknown, index: number): string => itemElement(schema, item) ?? `#${index}`;

/**
 * The configuration's order rules among its own items; items that only the live list has keep their place before the
 * next one that both have.
 */
function mergeItems(live: readonly unknown[], config: readonly unknown[], schema: Schema): readonly unknown[] {
  const liveElements = live.map((item, index) => elementOr(schema, item, index));
  const liveAt = new Map(liveElements.map((element, index) => [element, index]));
  const configElements = config.map((item, index) => elementOr(schema, item, index));
  const configured = new Set(configElements);
  const merged: unknown[] = [];
  const taken = new Set<number>();
  const takeLiveOnly = (from: number, until: (element: string, index: number) => boolean): void => {
    for (let index = from; index < live.length; index += 1) {
      const element = liveElements[index] ?? '';
      if (until(element, index)) return;
      if (configured.has(element) || taken.has(index)) continue;
      taken.add(index);
      merged.push(live[index]);
    }
  };
  let cursor = 0;
  configElements.forEach((element, index) => {
    const at = liveAt.get(element);
    if (at === undefined) {
      takeLiveOnly(cursor, (candidate) => configured.has(candidate));
      merged.push(config[index]);
      return;
    }
    takeLiveOnly(0, (_candidate, position) => position >= at);
    cursor = Math.max(cursor, at + 1);
    merged.push(mergeConfig(live[at], config[index], schema.items));
  });
  takeLiveOnly(0, () => false);
  return merged;
}

/** The value without the paths of `removed`. */
export function withoutFields(value: unknown, removed: FieldSet, schema: Schema | undefined): unknown {
  if (isEmptySet(removed)) return value;
  if (Array.isArray(value)) return schema === undefined ? value : withoutItems(value, removed, schema);
  if (!isDict(value)) return value;
  const kept: MutableDict = {};
  for (const [name, entry] of Object.entries(value)) {
    const element = fieldElement(name);
    if (hasMember(removed, element)) continue;
    kept[name] = withoutFields(entry, childOf(removed, element), fieldSchema(schema, name));
  }
  return kept;
}

function withoutItems(items: readonly unknown[], removed: FieldSet, schema: Schema): readonly unknown[] {
  const kept: unknown[] = [];
  for (const item of items) {
    const element = itemElement(schema, item);
    if (element === undefined) kept.push(item);
    else if (!hasMember(removed, element)) kept.push(withoutFields(item, childOf(removed, element), schema.items));
  }
  return kept;
}
