import { unreachable } from './errors.js';
import type { Cloud } from './site.js';

/** In the environment's own spelling: `owner`, `costCenter`, `dataClass`, and whatever else it names. */
export type Tags = Readonly<Record<string, string>>;

/** The same tags, spelt as each cloud accepts them, on every resource that takes tags. */
export function buildTags(cloud: Cloud, tags: Tags, purpose: string): Record<string, string> {
  const all = { 'managed-by': 'memplane', purpose, ...tags };
  return Object.fromEntries(
    Object.entries(all)
      .map(([key, value]): readonly [string, string] => spell(cloud, key, value))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

function spell(cloud: Cloud, key: string, value: string): readonly [string, string] {
  switch (cloud) {
    case 'aws':
    case 'azure':
      return [key, value];
    case 'gcp':
      return [gcpLabel(key), gcpLabel(value)];
    default:
      return unreachable(cloud);
  }
}

/** Labels of Google Cloud: at most 63 of lower case, digits, `_` and `-`. */
const gcpLabel = (text: string): string =>
  text
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, '-')
    .slice(0, 63);
