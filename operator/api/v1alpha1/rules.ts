import { parse } from '@marcbachmann/cel-js';
import type { FieldError } from './field-error.js';
import type { Rule } from './schema/field.js';
import { type Node, rulesOf } from './schema/node.js';

/** Where a walk is: the same place in the schema, in the new object and, when there is one, in the old. */
interface Place {
  readonly node: Node;
  readonly value: unknown;
  readonly old: unknown;
  readonly path: string;
}

/**
 * Every rule that the object breaks. A rule about `oldSelf` is asked only where there is an old value, as in Kubernetes.
 * Throws where a rule cannot be evaluated, which is so only of an object that does not have the shape of its schema.
 */
export const checkRules = (node: Node, value: unknown, old?: unknown): readonly FieldError[] =>
  checkPlace({ node, value, old, path: '' });

const checkPlace = (place: Place): readonly FieldError[] => {
  if (place.value === undefined) return [];
  const own = rulesOf(place.node).flatMap((rule) => checkRule(rule, place));
  return [...own, ...childrenOf(place).flatMap(checkPlace)];
};

const childrenOf = ({ node, value, old, path }: Place): readonly Place[] => {
  const { properties, items } = node;
  if (properties !== undefined && isRecord(value)) {
    return Object.entries(properties).map(([name, child]) => ({
      node: child,
      value: value[name],
      old: isRecord(old) ? old[name] : undefined,
      path: path === '' ? name : `${path}.${name}`,
    }));
  }
  if (items === undefined || !Array.isArray(value)) return [];
  return value.map((item: unknown, index) => ({
    node: items,
    value: item,
    old: oldItem(node, item, old),
    path: `${path}[${index}]`,
  }));
};

/** Only items that have keys can be told to be the same as before. */
const oldItem = (node: Node, item: unknown, old: unknown): unknown => {
  const keys = node['x-kubernetes-list-map-keys'];
  if (keys === undefined || !Array.isArray(old) || !isRecord(item)) return undefined;
  return old.find((candidate) => isRecord(candidate) && keys.every((key) => candidate[key] === item[key]));
};

const checkRule = (rule: Rule, { node, value, old, path }: Place): readonly FieldError[] => {
  if (rule.rule.includes('oldSelf') && old === undefined) return [];
  const holds = evaluate(rule.rule, { self: celValue(node, value), oldSelf: celValue(node, old) });
  if (holds) return [];
  const relative = rule.fieldPath ?? '';
  const fieldPath = path === '' ? relative.replace(/^\./, '') : `${path}${relative}`;
  return [{ path: fieldPath, value: valueAt(value, relative), message: rule.message, remedy: rule.remedy }];
};

const programs = new Map<string, ReturnType<typeof parse>>();

const evaluate = (rule: string, context: Record<string, unknown>): boolean => {
  const program = programs.get(rule) ?? parse(rule);
  programs.set(rule, program);
  return program(context) === true;
};

/** CEL tells integers from doubles, JSON does not: the schema knows which is meant. */
const celValue = (node: Node, value: unknown): unknown => {
  if (node.type === 'integer' && Number.isInteger(value)) return BigInt(value as number);
  const { items, properties } = node;
  if (Array.isArray(value)) return items === undefined ? value : value.map((item: unknown) => celValue(items, item));
  if (properties === undefined || !isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [name, celValue(properties[name] ?? {}, field)]),
  );
};

const valueAt = (value: unknown, relative: string): unknown =>
  relative
    .split('.')
    .filter((part) => part !== '')
    .reduce<unknown>((inner, part) => (isRecord(inner) ? inner[part] : undefined), value);

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
