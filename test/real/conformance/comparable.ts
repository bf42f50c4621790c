/** Given by the server, each its own: identity, versions, times, addresses. */
const GIVEN: ReadonlySet<string> = new Set([
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'time',
  'clusterIP',
  'clusterIPs',
]);

const isEmptyStatus = (name: string, value: unknown): boolean => name === 'status' && JSON.stringify(value) === '{}';

/** An object without what differs by nature; the order of keys and of managers is each server's own. */
export function comparable(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) {
    const entries = value.map((entry) => comparable(entry));
    return key === 'managedFields' ? sorted(entries) : entries;
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, entry]) => !GIVEN.has(name) && entry !== null && !isEmptyStatus(name, entry))
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, entry]) => [name, comparable(entry, name)]),
  );
}

const sorted = (entries: readonly unknown[]): readonly unknown[] =>
  entries.toSorted((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1));
