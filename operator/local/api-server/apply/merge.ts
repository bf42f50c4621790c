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
 * Both lists are walked side by side. The configuration's order rules among its own items; what only the live list has
 * keeps its place; a live item that the configuration names later waits for its turn there.
 */
function mergeItems(live: readonly unknown[], config: readonly unknown[], schema: Schema): readonly unknown[] {
  const mine = live.map((item, index) => elementOr(schema, item, index));
  const theirs = config.map((item, index) => elementOr(schema, item, index));
  const liveAt = new Map(mine.map((element, index) => [element, index]));
  const configured = new Set(theirs);
  const shared = theirs.filter((element) => liveAt.has(element));
  const merged: unknown[] = [];
  const done = new Set<string>();
  const take = (index: number): void => {
    const element = theirs[index] ?? '';
    const at = liveAt.get(element);
    done.add(element);
    if (shared[0] === element) shared.shift();
    merged.push(at === undefined ? config[index] : mergeConfig(live[at], config[index], schema.items));
  };
  let [l, c] = [0, 0];
  const both = (): number => {
    l += 1;
    c += 1;
    return c - 1;
  };
  while (l < live.length || c < config.length) {
    const [own, wanted] = [mine[l], theirs[c]];
    if (own !== undefined && !configured.has(own)) merged.push(live[l++]);
    else if (own !== undefined && own === wanted) take(both());
    else if (own !== undefined && wanted !== undefined && shared[0] !== undefined && shared[0] !== own) l += 1;
    else {
      if (own !== undefined && done.has(own)) l += 1;
      if (wanted !== undefined) take(c++);
    }
  }
  return merged;
}

/**
 * The value without the paths of `removed`. What is left empty by it is null, as Kubernetes has it: a built-in kind takes
 * that for "not set"; a custom kind refuses it, unless the field is nullable or has a default.
 */
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
  return Object.keys(kept).length === 0 && Object.keys(value).length > 0 ? null : kept;
}

function withoutItems(items: readonly unknown[], removed: FieldSet, schema: Schema): unknown {
  const kept: unknown[] = [];
  items.forEach((item, index) => {
    const element = elementOr(schema, item, index);
    if (!hasMember(removed, element)) kept.push(withoutFields(item, childOf(removed, element), schema.items));
  });
  return kept.length === 0 && items.length > 0 ? null : kept;
}
