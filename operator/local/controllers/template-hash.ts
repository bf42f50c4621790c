import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { PodTemplateSpec } from 'kubernetes-types/core/v1.js';

export const HASH_LABEL = 'pod-template-hash';
const HASH_LENGTH = 10;
/** What a base-36 digit becomes: the letters of generated names, so that a hash never spells a word. */
const DIGITS = 'bcdfghjklmnpqrstvwxz2456789bcdfghjkl';

/** Names the template: equal templates have equal hashes, whatever the order of their fields. */
export function hashTemplate(template: PodTemplateSpec): string {
  const digest = createHash('sha256').update(canonical(template)).digest();
  const number = digest.readBigUInt64BE(0).toString(36);
  return [...number]
    .map((digit) => DIGITS[Number.parseInt(digit, 36)])
    .join('')
    .slice(0, HASH_LENGTH);
}

export function withHash(template: PodTemplateSpec, hash: string): PodTemplateSpec {
  const labels = { ...template.metadata?.labels, [HASH_LABEL]: hash };
  return { ...template, metadata: { ...template.metadata, labels } };
}

/** Whether a ReplicaSet was made from this template. */
export function isSameTemplate(ofSet: PodTemplateSpec | undefined, wanted: PodTemplateSpec): boolean {
  if (ofSet === undefined) return false;
  const { [HASH_LABEL]: _hash, ...labels } = ofSet.metadata?.labels ?? {};
  const plain = { ...ofSet, metadata: { ...ofSet.metadata, labels } };
  return isDeepStrictEqual(JSON.parse(canonical(plain)), JSON.parse(canonical(wanted)));
}

/** JSON with sorted keys, without the empty objects and nulls that servers add and drop. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner ?? undefined;
    const entries = Object.entries(inner)
      .filter(([, field]) => field !== null && !isEmptyObject(field))
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(entries);
  });
}

const isEmptyObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;
