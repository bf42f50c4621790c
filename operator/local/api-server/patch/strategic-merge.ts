import { badRequest } from '../errors.js';
import { type Dict, isDict, type MutableDict, sameJson } from '../objects.js';
import { fieldSchema, type Schema } from '../schema/schema.js';

const DIRECTIVE = '$patch';
const ORDER = '$setElementOrder/';
const DELETE_PRIMITIVES = '$deleteFromPrimitiveList/';
const RETAIN = '$retainKeys';

/** Kubernetes' strategic merge: like a merge patch, but lists with a merge key merge item by item. */
export function applyStrategicPatch(target: unknown, patch: unknown, schema: Schema | undefined): unknown {
  if (!isDict(patch)) return patch;
  if (patch[DIRECTIVE] === 'replace') return withoutDirectives(patch);
  if (patch[DIRECTIVE] === 'delete') return {};
  const base = isDict(target) ? target : {};
  const merged: MutableDict = retained(base, patch);
  for (const [name, value] of Object.entries(patch)) {
    if (name.startsWith('$')) continue;
    if (value === null) delete merged[name];
    else merged[name] = mergeField(merged[name], value, fieldSchema(schema, name), patch, name);
  }
  return applyOrders(deletePrimitives(merged, patch), base, patch, schema);
}

function retained(base: Dict, patch: Dict): MutableDict {
  const keep = patch[RETAIN];
  if (!Array.isArray(keep)) return { ...base };
  return Object.fromEntries(Object.entries(base).filter(([name]) => keep.includes(name)));
}

function mergeField(current: unknown, value: unknown, schema: Schema | undefined, patch: Dict, name: string): unknown {
  if (!Array.isArray(value)) return applyStrategicPatch(current, value, schema);
  if (schema?.['x-kubernetes-patch-strategy'] !== 'merge') return value;
  const key = schema['x-kubernetes-patch-merge-key'];
  const list = Array.isArray(current) ? current : [];
  if (key === undefined) return [...list, ...value.filter((entry) => !list.some((known) => sameJson(known, entry)))];
  if (value.some((entry) => isDict(entry) && entry[DIRECTIVE] === 'replace')) {
    return value.filter((entry) => !(isDict(entry) && entry[DIRECTIVE] === 'replace'));
  }
  return mergeKeyed(list, value, key, schema.items, `${name} of ${Object.keys(patch).join(', ')}`);
}

function mergeKeyed(
  current: readonly unknown[],
  patch: readonly unknown[],
  key: string,
  items: Schema | undefined,
  where: string,
): readonly unknown[] {
  const merged = [...current];
  for (const entry of patch) {
    if (!isDict(entry) || entry[key] === undefined) {
      throw badRequest(`map: ${JSON.stringify(entry)} does not contain declared merge key: ${key} (in ${where})`);
    }
    const at = merged.findIndex((item) => isDict(item) && sameJson(item[key], entry[key]));
    if (entry[DIRECTIVE] === 'delete') {
      if (at >= 0) merged.splice(at, 1);
    } else if (at >= 0) merged[at] = applyStrategicPatch(merged[at], entry, items);
    else merged.push(applyStrategicPatch({}, entry, items));
  }
  const named = patch.filter((entry) => isDict(entry) && entry[DIRECTIVE] !== 'delete');
  return ordered(merged, named, current, (entry) => (isDict(entry) ? entry[key] : entry));
}

/**
 * The patch's items in its order, the others in the list's; between the two, the list's order where it knows both, and
 * what it doesn't know first.
 */
function ordered(
  merged: readonly unknown[],
  order: readonly unknown[],
  server: readonly unknown[],
  identity: (entry: unknown) => unknown,
): readonly unknown[] {
  const rankIn = (list: readonly unknown[], entry: unknown): number =>
    list.findIndex((known) => sameJson(identity(known), identity(entry)));
  const named = merged.filter((entry) => rankIn(order, entry) >= 0);
  named.sort((left, right) => rankIn(order, left) - rankIn(order, right));
  const others = merged.filter((entry) => rankIn(order, entry) < 0);
  const result: unknown[] = [];
  while (named.length > 0 && others.length > 0) {
    const [mine, theirs] = [rankIn(server, named[0]), rankIn(server, others[0])];
    result.push(mine >= 0 && theirs >= 0 && theirs < mine ? others.shift() : named.shift());
  }
  return [...result, ...named, ...others];
}

function deletePrimitives(merged: MutableDict, patch: Dict): MutableDict {
  for (const [name, values] of Object.entries(patch)) {
    if (!name.startsWith(DELETE_PRIMITIVES) || !Array.isArray(values)) continue;
    const field = name.slice(DELETE_PRIMITIVES.length);
    const list = merged[field];
    if (Array.isArray(list)) merged[field] = list.filter((entry) => !values.some((gone) => sameJson(gone, entry)));
  }
  return merged;
}

/** `$setElementOrder` names the items in their order. */
function applyOrders(merged: MutableDict, target: Dict, patch: Dict, schema: Schema | undefined): MutableDict {
  for (const [name, order] of Object.entries(patch)) {
    if (!name.startsWith(ORDER) || !Array.isArray(order)) continue;
    const field = name.slice(ORDER.length);
    const list = merged[field];
    if (!Array.isArray(list)) continue;
    const key = fieldSchema(schema, field)?.['x-kubernetes-patch-merge-key'];
    const server = target[field];
    merged[field] = ordered(list, order, Array.isArray(server) ? server : [], (entry) =>
      key !== undefined && isDict(entry) ? entry[key] : entry,
    );
  }
  return merged;
}

function withoutDirectives(patch: Dict): Dict {
  return Object.fromEntries(Object.entries(patch).filter(([name]) => !name.startsWith('$')));
}
