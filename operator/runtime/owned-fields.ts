import { isRecord, type Json } from '../clients/json.js';
import type { LiveObject } from '../clients/kube.js';

const appliedBy =
  (manager: string) =>
  (entry: unknown): entry is Json =>
    isRecord(entry) && entry.manager === manager && entry.operation === 'Apply' && entry.subresource === undefined;

/** The tree of fields that `manager` owns by server-side apply; undefined when it owns none, or nobody kept it. */
export const ownedFields = (live: LiveObject, manager: string): Json | undefined => {
  const entry = live.metadata.managedFields?.find(appliedBy(manager));
  return isRecord(entry) && isRecord(entry.fieldsV1) ? entry.fieldsV1 : undefined;
};

/** Shapes of ownership that differ are few (one a builder); a limit guards against a kind that breaks this. */
const MOST_SHAPES = 5_000;

/**
 * A trim for reflectors whose objects we apply: keeps what `manager` owns and drops the other managers' entries, often
 * a third of an object. Equal trees are shared: ten thousand tenants' Deployments have one.
 */
export const keepOwnedFields = <T extends LiveObject>(manager: string): ((object: T) => T) => {
  const shared = new Map<string, readonly Json[]>();
  const share = (fieldsV1: Json): readonly Json[] => {
    const text = JSON.stringify(fieldsV1);
    const present = shared.get(text);
    if (present !== undefined) return present;
    if (shared.size >= MOST_SHAPES) shared.clear();
    const entry = [{ manager, operation: 'Apply', fieldsV1 }];
    shared.set(text, entry);
    return entry;
  };
  return (object) => {
    const owned = ownedFields(object, manager);
    const { managedFields, ...metadata } = object.metadata;
    if (managedFields === undefined) return object;
    return { ...object, metadata: owned === undefined ? metadata : { ...metadata, managedFields: share(owned) } };
  };
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    // A key that we cannot read: the caller then takes the field for unwanted and applies, which is never wrong.
    return undefined;
  }
};

/** Whether the item has the key's values, where it names them; the server may have added defaults to the key. */
const hasKey = (item: unknown, key: unknown): boolean =>
  isRecord(item) &&
  isRecord(key) &&
  Object.entries(key).every(([field, value]) => item[field] === undefined || item[field] === value);

const memberOf = (desired: unknown, step: string): { readonly found: boolean; readonly value?: unknown } => {
  const rest = step.slice(2);
  if (step.startsWith('f:')) {
    if (!isRecord(desired) || desired[rest] === undefined) return { found: false };
    return { found: true, value: desired[rest] };
  }
  if (!Array.isArray(desired)) return { found: false };
  const wanted = parse(rest);
  if (step.startsWith('k:')) {
    const value = desired.find((item) => hasKey(item, wanted));
    return { found: value !== undefined, value };
  }
  if (step.startsWith('v:')) return { found: desired.includes(wanted) };
  return { found: typeof wanted === 'number' && wanted < desired.length };
};

/**
 * The first field that we own on the server and no longer want, which only an apply takes away; undefined when there is
 * none. `apiVersion`, `kind`, name and namespace are never owned.
 */
export const firstUnwanted = (owned: Json, desired: unknown, path = ''): string | undefined => {
  for (const [step, inner] of Object.entries(owned)) {
    if (step === '.') continue;
    const member = memberOf(desired, step);
    const here = `${path}${path === '' ? '' : '.'}${step.slice(2)}`;
    if (!member.found) return `${here} is ours and no longer wanted`;
    if (!isRecord(inner) || member.value === undefined) continue;
    const found = firstUnwanted(inner, member.value, here);
    if (found !== undefined) return found;
  }
  return undefined;
};
