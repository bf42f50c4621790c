/** JSON as it came over the wire. What is stored is never changed in place: whoever changes something makes it anew. */
export type Dict = Readonly<Record<string, unknown>>;

/** Only for what a request has just parsed or cloned, and nobody else holds. */
export type MutableDict = Record<string, unknown>;

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

export interface ManagedFieldsEntry {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly time?: string;
  readonly fieldsType: 'FieldsV1';
  readonly fieldsV1: Dict;
  readonly subresource?: string;
}

export interface ObjectMeta {
  readonly name: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerReference[];
  readonly managedFields?: readonly ManagedFieldsEntry[];
}

export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

/** An object on its way in: its metadata may still lack what the server gives. */
export interface DraftObject {
  apiVersion: string;
  kind: string;
  metadata: { -readonly [K in keyof ObjectMeta]?: ObjectMeta[K] | undefined };
  [field: string]: unknown;
}

export const isDict = (value: unknown): value is Dict =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isMutableDict = (value: unknown): value is MutableDict => isDict(value);

/** The value under a path of field names, undefined as soon as one is missing. */
export function valueAt(root: unknown, ...path: readonly string[]): unknown {
  let value = root;
  for (const field of path) {
    if (!isDict(value)) return undefined;
    value = value[field];
  }
  return value;
}

export function dictAt(root: unknown, ...path: readonly string[]): Dict | undefined {
  const value = valueAt(root, ...path);
  return isDict(value) ? value : undefined;
}

export function stringAt(root: unknown, ...path: readonly string[]): string | undefined {
  const value = valueAt(root, ...path);
  return typeof value === 'string' ? value : undefined;
}

export function numberAt(root: unknown, ...path: readonly string[]): number | undefined {
  const value = valueAt(root, ...path);
  return typeof value === 'number' ? value : undefined;
}

export function listAt(root: unknown, ...path: readonly string[]): readonly unknown[] {
  const value = valueAt(root, ...path);
  return Array.isArray(value) ? value : [];
}

export function dictsAt(root: unknown, ...path: readonly string[]): readonly Dict[] {
  return listAt(root, ...path).filter(isDict);
}

export function stringsAt(root: unknown, ...path: readonly string[]): readonly string[] {
  return listAt(root, ...path).filter((entry): entry is string => typeof entry === 'string');
}

/** A copy that the caller may change. */
export function cloneJson<T>(value: T): T {
  if (Array.isArray(value)) return value.map(cloneJson) as T;
  if (typeof value !== 'object' || value === null) return value;
  const copy: MutableDict = {};
  for (const [key, entry] of Object.entries(value)) copy[key] = cloneJson(entry);
  return copy as T;
}

export function sameJson(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (Array.isArray(left)) {
    return (
      Array.isArray(right) &&
      left.length === right.length &&
      left.every((entry, index) => sameJson(entry, right[index]))
    );
  }
  if (Array.isArray(right)) return false;
  return sameDict(left as Dict, right as Dict);
}

function sameDict(left: Dict, right: Dict): boolean {
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  return keys.every((key) => Object.hasOwn(right, key) && sameJson(left[key], right[key]));
}

/** `group/version`, or `version` alone for the core group. */
export const apiVersionOf = (group: string, version: string): string =>
  group === '' ? version : `${group}/${version}`;

export function splitApiVersion(apiVersion: string): { readonly group: string; readonly version: string } {
  const slash = apiVersion.indexOf('/');
  return slash < 0
    ? { group: '', version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

/** Kubernetes' timestamps have whole seconds. */
export const timestamp = (at: Date): string => `${at.toISOString().slice(0, 19)}Z`;
