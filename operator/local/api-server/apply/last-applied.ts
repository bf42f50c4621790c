import { type DraftObject, isDict, type KubeObject } from '../objects.js';
import type { Schema } from '../schema/schema.js';
import { compareFields } from './compare.js';
import { difference, EMPTY, type FieldSet } from './field-set.js';
import { claimsOf, ownable, type Scope } from './ownership.js';

export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** The one manager whose client-side past counts. */
export const KUBECTL = 'kubectl';

function lastApplied(live: KubeObject): DraftObject | undefined {
  const text = live.metadata.annotations?.[LAST_APPLIED];
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isDict(value) ? (value as DraftObject) : undefined;
  } catch {
    // Somebody wrote the annotation by hand: then it says nothing.
    return undefined;
  }
}

/**
 * What kubectl applied before, on the client's side, and nobody has changed since: applying it on the server's side
 * takes that over without a conflict.
 */
export function takeoverFields(live: KubeObject | undefined, schema: Schema, scope: Scope): FieldSet {
  const config = live === undefined ? undefined : lastApplied(live);
  if (config === undefined || live === undefined) return EMPTY;
  const wanted = ownable(config, scope);
  const { added, modified, removed } = compareFields(wanted, ownable(live, scope), schema);
  return [added, modified, removed].reduce(difference, claimsOf(wanted, schema));
}

/** Where the annotation is kept, it follows what is applied on the server's side: a way back stays open. */
export function withLastApplied(merged: DraftObject, config: DraftObject): void {
  const { annotations } = merged.metadata;
  if (annotations?.[LAST_APPLIED] === undefined) return;
  const { managedFields: _managed, ...metadata } = config.metadata;
  const text = `${JSON.stringify({ ...config, metadata })}\n`;
  merged.metadata = { ...merged.metadata, annotations: { ...annotations, [LAST_APPLIED]: text } };
}
