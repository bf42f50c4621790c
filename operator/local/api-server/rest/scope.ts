import type { Scope } from '../apply/ownership.js';
import { type DraftObject, type KubeObject, sameJson } from '../objects.js';
import { isCustom, type Resource } from '../resources/resource.js';

/** Which top fields a write to this (sub)resource may change. */
export function scopeOf(resource: Resource, subresource: string): Scope {
  if (subresource === 'status') {
    // A custom kind's status endpoint leaves even the metadata alone; built-in kinds let annotations through.
    return isCustom(resource) ? (field) => field === 'status' : (field) => field === 'status' || field === 'metadata';
  }
  if (subresource === 'finalize') return (field) => field === 'spec';
  return resource.status ? (field) => field !== 'status' : () => true;
}

/** The draft with everything out of scope as it is in the live object. */
export function confine(draft: DraftObject, live: KubeObject, scope: Scope): void {
  for (const field of new Set([...Object.keys(draft), ...Object.keys(live)])) {
    if (field === 'apiVersion' || field === 'kind' || field === 'metadata' || scope(field)) continue;
    if (live[field] === undefined) delete draft[field];
    else draft[field] = live[field];
  }
  const { managedFields } = draft.metadata;
  if (scope('metadata')) return;
  draft.metadata = { ...live.metadata, ...(managedFields === undefined ? {} : { managedFields }) };
}

/** Whether a change makes a new generation: any but one of metadata or status. */
export function changesGeneration(draft: DraftObject, live: KubeObject, resource: Resource): boolean {
  if (resource.strategy.generation !== true) return false;
  const counts = (field: string): boolean =>
    field !== 'apiVersion' && field !== 'kind' && field !== 'metadata' && !(field === 'status' && resource.status);
  return [...new Set([...Object.keys(draft), ...Object.keys(live)])].some(
    (field) => counts(field) && !sameJson(draft[field], live[field]),
  );
}
