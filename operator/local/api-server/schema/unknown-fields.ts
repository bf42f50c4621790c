import { isDict, type MutableDict } from '../objects.js';
import { allowsUnknown, fieldSchema, type Schema } from './schema.js';

/** Called with the path of every field that the schema doesn't know. */
export type OnUnknown = (path: string) => void;

const EMBEDDED = new Set(['apiVersion', 'kind', 'metadata']);

/** The value without the fields that its schema doesn't know: the same reference when there are none. */
export function pruneUnknown(value: unknown, schema: Schema | undefined, path: string, onUnknown: OnUnknown): unknown {
  if (schema === undefined) return value;
  if (Array.isArray(value)) return pruneList(value, schema, path, onUnknown);
  return isDict(value) ? pruneDict(value, schema, path, onUnknown) : value;
}

function pruneList(list: readonly unknown[], schema: Schema, path: string, onUnknown: OnUnknown): readonly unknown[] {
  if (schema.items === undefined) return list;
  let changed = false;
  const pruned = list.map((item, index) => {
    const next = pruneUnknown(item, schema.items, `${path}[${index}]`, onUnknown);
    if (next !== item) changed = true;
    return next;
  });
  return changed ? pruned : list;
}

function pruneDict(
  value: Readonly<Record<string, unknown>>,
  schema: Schema,
  path: string,
  onUnknown: OnUnknown,
): unknown {
  const open = allowsUnknown(schema);
  let pruned: MutableDict | undefined;
  for (const [name, entry] of Object.entries(value)) {
    const at = path === '' ? name : `${path}.${name}`;
    const own = fieldSchema(schema, name);
    if (own === undefined) {
      if (open || (schema['x-kubernetes-embedded-resource'] === true && EMBEDDED.has(name))) continue;
      onUnknown(at);
      pruned ??= { ...value };
      delete pruned[name];
      continue;
    }
    const next = pruneUnknown(entry, own, at, onUnknown);
    if (next === entry) continue;
    pruned ??= { ...value };
    pruned[name] = next;
  }
  return pruned ?? value;
}
