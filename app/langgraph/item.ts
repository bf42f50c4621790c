import type { Memory } from '../memories/schema.js';
import type { Item } from './schema.js';

/** Marks a memory as an item: its value is its metadata, and its content only what the value says in words. */
export const ITEM_SOURCE = 'langgraph.store';

/** An item as others see it. A memory that came another way and has a key is one too, with its content in the value. */
export const toItem = ({ namespace, key, metadata, content, source, created_at, updated_at }: Memory): Item => ({
  namespace: [...namespace],
  key: key ?? '',
  value: source.id === ITEM_SOURCE ? metadata : { ...metadata, content },
  ...{ created_at, updated_at },
});

const MAX_TEXT = 100_000;

/** What is searched of a value: the texts in it, or in the fields that `index` names; the key when there are none. */
export const textOf = (
  key: string,
  value: Readonly<Record<string, unknown>>,
  index: readonly string[] | false | null | undefined,
): string => {
  if (index === false) return key;
  const parts = index ? index.flatMap((path) => readPath(value, path.split('.'))) : [value];
  const text = parts.flatMap(textsIn).join('\n').slice(0, MAX_TEXT);
  // Of a pair that the cut went through nothing is left.
  return text.replace(/[\ud800-\udbff]$/, '') || key;
};

const textsIn = (value: unknown): readonly string[] => {
  if (typeof value === 'string') return value.trim() === '' ? [] : [value];
  if (typeof value === 'number' || typeof value === 'boolean') return [String(value)];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
};

/** `a.b`, `a[0]`, `a[*].b`, `$` for all of it. */
const readPath = (value: unknown, [step, ...rest]: readonly string[]): readonly unknown[] => {
  if (step === undefined || step === '$') return [value];
  const [, name = '', position] = /^([^[]*)(?:\[(\*|-?\d+)\])?$/.exec(step) ?? [];
  const member = name === '' ? value : ownMember(value, name);
  if (position === undefined) return member === undefined ? [] : readPath(member, rest);
  const list: readonly unknown[] = Array.isArray(member) ? member : [];
  const chosen = position === '*' ? list : [list.at(Number(position))];
  return chosen.flatMap((item) => (item === undefined ? [] : readPath(item, rest)));
};

const ownMember = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
