import type { Column } from '../../api/v1alpha1/schema/kind.js';

const CONDITION = /^\.status\.conditions\[\?\(@\.type=="([A-Za-z]+)"\)\]\.([a-zA-Z]+)$/;

/** What a printer column shows of an object: a path of names, or a field of one condition. */
export function cellOf(column: Column, object: unknown, now: number): string {
  const value = valueAt(column.jsonPath, object);
  if (value === undefined || value === null) return '';
  return column.type === 'date' ? ageOf(String(value), now) : String(value);
}

function valueAt(path: string, object: unknown): unknown {
  const [, type, field] = CONDITION.exec(path) ?? [];
  if (type !== undefined && field !== undefined) {
    const conditions = (follow(object, ['status', 'conditions']) ?? []) as readonly Readonly<Record<string, unknown>>[];
    return conditions.find((condition) => condition.type === type)?.[field];
  }
  return follow(object, path.split('.').slice(1));
}

const follow = (object: unknown, keys: readonly string[]): unknown =>
  keys.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? (at as Readonly<Record<string, unknown>>)[key] : undefined),
    object,
  );

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** As kubectl says it, in the largest unit that fits twice. */
export function ageOf(since: string, now: number): string {
  const seconds = Math.max(0, Math.floor((now - Date.parse(since)) / 1_000));
  if (seconds < 2 * MINUTE) return `${seconds}s`;
  if (seconds < 2 * HOUR) return `${Math.floor(seconds / MINUTE)}m`;
  if (seconds < 2 * DAY) return `${Math.floor(seconds / HOUR)}h`;
  return `${Math.floor(seconds / DAY)}d`;
}
