import type { FieldError } from './field-error.js';
import type { Node } from './schema/node.js';

/** Items that say the same in a set, or have the same keys in a map: Kubernetes could not merge them. */
export const duplicateErrors = (node: Node, value: unknown, path = ''): readonly FieldError[] => {
  if (Array.isArray(value)) {
    const { items } = node;
    const inner =
      items === undefined
        ? []
        : value.flatMap((item: unknown, index) => duplicateErrors(items, item, `${path}[${index}]`));
    return [...repeated(node, value, path), ...inner];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) =>
    duplicateErrors(child, Reflect.get(value, name), path === '' ? name : `${path}.${name}`),
  );
};

const repeated = (node: Node, values: readonly unknown[], path: string): readonly FieldError[] => {
  if (node['x-kubernetes-list-type'] === 'atomic') return [];
  const keys = node['x-kubernetes-list-map-keys'];
  const seen = new Set<string>();
  return values.flatMap((value, index) => {
    const identity = JSON.stringify(keys === undefined ? value : keys.map((key) => fieldOf(value, key)));
    if (!seen.has(identity)) {
      seen.add(identity);
      return [];
    }
    const what =
      keys === undefined ? 'stands in the list twice' : `has the same ${keys.join(' and ')} as one before it`;
    return [{ path: `${path}[${index}]`, value, message: what, remedy: 'remove one of them' }];
  });
};

const fieldOf = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
