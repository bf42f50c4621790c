import { isDict, type MutableDict } from '../objects.js';

/** RFC 7386: null removes. Untouched branches stay the same references. */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isDict(patch)) return patch;
  const merged: MutableDict = isDict(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else merged[name] = applyMergePatch(merged[name], value);
  }
  return merged;
}
