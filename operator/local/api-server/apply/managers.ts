import type { ManagedFieldsEntry } from '../objects.js';
import { decodeFieldsV1, EMPTY, encodeFieldsV1, type FieldSet, isEmptySet, sameSet, union } from './field-set.js';

/** Who writes: Kubernetes tells managers apart by all of these, except that an applier is the same in every version. */
export interface ManagerId {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string;
}

export interface Manager extends ManagerId {
  readonly fields: FieldSet;
  readonly time: string | undefined;
}

export type Managers = ReadonlyMap<string, Manager>;

export const managerKey = ({ manager, operation, apiVersion, subresource }: ManagerId): string =>
  JSON.stringify([manager, operation, operation === 'Apply' ? '' : apiVersion, subresource]);

export function decodeManagers(entries: readonly ManagedFieldsEntry[] | undefined): Managers {
  const managers = new Map<string, Manager>();
  for (const entry of entries ?? []) {
    const { manager, operation, apiVersion, subresource = '', time, fieldsV1 } = entry;
    const id = { manager, operation, apiVersion, subresource };
    const fields = union(managers.get(managerKey(id))?.fields ?? EMPTY, decodeFieldsV1(fieldsV1 ?? {}));
    managers.set(managerKey(id), { ...id, time, fields });
  }
  return managers;
}

const encode = ({ manager, operation, apiVersion, subresource, time, fields }: Manager): ManagedFieldsEntry => ({
  manager,
  operation,
  apiVersion,
  ...(time === undefined ? {} : { time }),
  fieldsType: 'FieldsV1',
  fieldsV1: encodeFieldsV1(fields),
  ...(subresource === '' ? {} : { subresource }),
});

const order = (left: Manager, right: Manager): number =>
  compareText(left.operation, right.operation) ||
  compareText(left.time ?? '', right.time ?? '') ||
  compareText(left.manager, right.manager) ||
  compareText(left.apiVersion, right.apiVersion) ||
  compareText(left.subresource, right.subresource);

const compareText = (left: string, right: string): number => (left === right ? 0 : left < right ? -1 : 1);

export function encodeManagers(managers: Managers): readonly ManagedFieldsEntry[] {
  return [...managers.values()]
    .filter(({ fields }) => !isEmptySet(fields))
    .sort(order)
    .map(encode);
}

/** Whether two lists say the same but for when: writing the same again must not make a new version. */
export function sameOwnership(
  left: readonly ManagedFieldsEntry[] | undefined,
  right: readonly ManagedFieldsEntry[] | undefined,
): boolean {
  if (left === right) return true;
  const before = decodeManagers(left);
  const after = decodeManagers(right);
  if (before.size !== after.size) return false;
  return [...after].every(([key, manager]) => {
    const was = before.get(key);
    return was !== undefined && sameSet(was.fields, manager.fields) && was.apiVersion === manager.apiVersion;
  });
}

/** Client-go names itself after its program; Kubernetes takes what stands before the slash. */
export function managerName(fieldManager: string | null, userAgent: string | undefined): string {
  if (fieldManager !== null && fieldManager !== '') return fieldManager;
  return userAgent?.split('/')[0]?.slice(0, 128) || 'unknown';
}
