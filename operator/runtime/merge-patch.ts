import { isRecord } from '../clients/json.js';

export const equalJson = (a: unknown, b: unknown): boolean => {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => equalJson(item, b[index]));
  }
  if (!isRecord(a) || !isRecord(b)) return false;
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  // A field that is undefined is not sent, so it equals a missing one.
  return [...names].every((name) => equalJson(a[name], b[name]));
};

/**
 * The JSON merge patch (RFC 7386) that turns `previous` into `next`: null for what is gone, lists whole, only what
 * differs. undefined when nothing does.
 */
export const buildMergePatch = (previous: unknown, next: unknown): unknown => {
  if (equalJson(previous, next)) return undefined;
  if (!isRecord(next)) return next ?? null;
  const before = isRecord(previous) ? previous : {};
  const patch: Record<string, unknown> = {};
  for (const name of new Set([...Object.keys(before), ...Object.keys(next)])) {
    const part = buildMergePatch(before[name], next[name]);
    if (part !== undefined) patch[name] = part;
  }
  return patch;
};
