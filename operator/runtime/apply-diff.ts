import { isRecord } from '../clients/json.js';
import { equalQuantities } from './quantity.js';

/** Fields whose values (or whose members' values) are quantities, which servers rewrite. */
const QUANTITY_MAPS = new Set([
  'limits',
  'requests',
  'hard',
  'capacity',
  'min',
  'max',
  'default',
  'defaultRequest',
  'maxLimitRequestRatio',
  'overhead',
]);
const QUANTITY_FIELDS = new Set(['sizeLimit', 'averageValue', 'value', 'divisor', 'storage']);

/** Fields in which text is data, whatever it looks like. */
const OPAQUE = new Set(['data', 'binaryData', 'stringData', 'annotations', 'labels', 'env', 'openAPIV3Schema']);

interface Place {
  readonly path: string;
  readonly parent: string;
  readonly field: string;
  readonly opaque: boolean;
}

const ROOT: Place = { path: '', parent: '', field: '', opaque: false };

const inField = ({ path, field: parent, opaque }: Place, field: string): Place => ({
  path: path === '' ? field : `${path}.${field}`,
  parent,
  field,
  opaque: opaque || OPAQUE.has(field),
});

const inItem = (place: Place, index: number): Place => ({ ...place, path: `${place.path}[${index}]` });

const equalScalars = (desired: unknown, live: unknown, place: Place): boolean => {
  if (desired === live) return true;
  if (place.opaque || (!QUANTITY_MAPS.has(place.parent) && !QUANTITY_FIELDS.has(place.field))) return false;
  const numbers = typeof desired === 'number' || typeof desired === 'string';
  return numbers && typeof live === 'string' && equalQuantities(String(desired), live);
};

/** How list items are paired: by the key that makes them one item for the server, else by position. */
const ITEM_KEYS = ['name', 'containerPort', 'mountPath', 'port', 'type', 'ip'] as const;

const pairOf = (item: unknown, index: number, live: readonly unknown[]): unknown => {
  const sameIndex = live[index];
  if (!isRecord(item)) return sameIndex;
  const key = ITEM_KEYS.find((candidate) => item[candidate] !== undefined);
  if (key === undefined || (isRecord(sameIndex) && sameIndex[key] === item[key])) return sameIndex;
  return live.find((candidate) => isRecord(candidate) && candidate[key] === item[key]);
};

const listDifference = (desired: readonly unknown[], live: unknown, place: Place): string | undefined => {
  // An empty list and none are one thing on the wire.
  if (live === undefined && desired.length === 0) return undefined;
  if (!Array.isArray(live)) return `${place.path} is not there`;
  if (live.length !== desired.length) return `${place.path} has ${live.length} items instead of ${desired.length}`;
  for (const [index, item] of desired.entries()) {
    const found = difference(item, pairOf(item, index, live), inItem(place, index));
    if (found !== undefined) return found;
  }
  return undefined;
};

const difference = (desired: unknown, live: unknown, place: Place): string | undefined => {
  if (desired === undefined || desired === null) return undefined;
  if (Array.isArray(desired)) return listDifference(desired, live, place);
  if (!isRecord(desired)) return equalScalars(desired, live, place) ? undefined : `${place.path} differs`;
  if (!isRecord(live)) return `${place.path} is not there`;
  for (const [field, value] of Object.entries(desired)) {
    const found = difference(value, live[field], inField(place, field));
    if (found !== undefined) return found;
  }
  return undefined;
};

/**
 * The first place where the server's object does not hold what is desired, in words without values (they may be
 * secret); undefined when it holds all of it. Fields that are not desired are not looked at: they are the server's or
 * somebody else's.
 */
export const firstDifference = (desired: unknown, live: unknown): string | undefined => difference(desired, live, ROOT);
