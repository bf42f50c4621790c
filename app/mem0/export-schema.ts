import { isRecord, type Json } from '../http/json.js';
import type { Memory } from '../memories/schema.js';
import { toM0 } from './shape.js';

type Schema = Readonly<Record<string, unknown>>;
type Values = ReadonlyMap<string, readonly Json[]>;

/** Deeper than any form that people fill in. */
const MAX_DEPTH = 8;
/** Words for what a memory says. */
const CONTENTS = ['memory', 'memories', 'text', 'content', 'fact', 'facts', 'statement', 'statements'];

/**
 * A document of the form that a JSON schema asks for, filled from memories, the newest first. By name and by no model: a
 * property is a field of the memory, a key of its metadata, or a predicate whose object it takes. What nobody has said is
 * null, or an empty list. So the same memories make the same document each time.
 */
export const fillSchema = (schema: Schema, memories: readonly Memory[]): Json => {
  const each = memories.map(valuesOf);
  const all = new Map<string, readonly Json[]>();
  for (const values of each) for (const [name, list] of values) all.set(name, [...(all.get(name) ?? []), ...list]);
  return new Filler(schema, each).fill(schema, all, '', 0);
};

/** `livesIn`, `lives_in` and `Lives in` are one name. */
const plain = (name: string): string => name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');

const valuesOf = (memory: Memory): Values => {
  const { metadata, categories, memory: content, ...fields } = toM0(memory);
  const values = new Map<string, Json[]>();
  const add = (name: string, value: unknown): void => {
    if (value === null || value === undefined) return;
    const list = (Array.isArray(value) ? value : [value]) as readonly Json[];
    values.set(plain(name), [...(values.get(plain(name)) ?? []), ...list]);
  };
  for (const [name, value] of Object.entries(fields)) add(name, value);
  for (const name of CONTENTS) add(name, content);
  add('categories', categories);
  if (memory.predicate !== null) {
    add(memory.predicate, memory.object);
    // `is_named` answers to `named`, `is_allergic_to` to `allergic_to`.
    add(memory.predicate.replace(/^(is|has|was)_/, ''), memory.object);
  }
  for (const [name, value] of Object.entries(metadata)) if (name !== 'categories') add(name, value);
  return values;
};

class Filler {
  readonly #root: Schema;
  readonly #each: readonly Values[];

  constructor(root: Schema, each: readonly Values[]) {
    this.#root = root;
    this.#each = each;
  }

  fill(given: unknown, values: Values, name: string, depth: number): Json {
    const schema = this.#resolve(given, depth);
    if (isRecord(schema.properties) && depth < MAX_DEPTH) {
      const filled = Object.entries(schema.properties).map(([key, inner]) => [
        key,
        this.fill(inner, values, key, depth + 1),
      ]);
      return Object.fromEntries(filled) as Json;
    }
    if (schema.type === 'array' || schema.items !== undefined) return this.#fillList(schema, values, name, depth);
    const fitting = (values.get(plain(name)) ?? [])
      .map((value) => coerce(value, schema))
      .filter((value) => value !== null);
    return fitting[0] ?? null;
  }

  /** Of objects: one a memory that has something to say of it. Of values: each once. */
  #fillList(schema: Schema, values: Values, name: string, depth: number): Json {
    const items = this.#resolve(schema.items ?? {}, depth);
    if (isRecord(items.properties) && depth < MAX_DEPTH) {
      return this.#each.map((one) => this.fill(items, one, name, depth + 1)).filter(saysSomething);
    }
    const fitting = (values.get(plain(name)) ?? [])
      .map((value) => coerce(value, items))
      .filter((value) => value !== null);
    return [...new Map(fitting.map((value) => [JSON.stringify(value), value])).values()];
  }

  /** `$ref` within the schema, and of alternatives the first that is not null: as Pydantic writes what is optional. */
  #resolve(schema: unknown, depth: number): Schema {
    if (!isRecord(schema) || depth > MAX_DEPTH) return {};
    const { $ref } = schema;
    if (typeof $ref === 'string' && $ref.startsWith('#/')) {
      const found = $ref
        .slice(2)
        .split('/')
        .reduce<unknown>(
          (part, key) => (isRecord(part) && Object.hasOwn(part, key) ? part[key] : undefined),
          this.#root,
        );
      return found === schema ? {} : this.#resolve(found, depth + 1);
    }
    const choices = [schema.anyOf, schema.oneOf, schema.allOf].find(Array.isArray) as readonly unknown[] | undefined;
    const choice = choices?.find((one) => isRecord(one) && one.type !== 'null');
    return choice === undefined ? schema : this.#resolve(choice, depth + 1);
  }
}

const saysSomething = (value: Json): boolean =>
  isRecord(value) &&
  Object.values(value).some((inner) => inner !== null && !(Array.isArray(inner) && inner.length === 0));

/** As the schema types it; `null` when it is not that. */
const coerce = (value: Json, { type, enum: choices }: Schema): Json => {
  const types = Array.isArray(type) ? type : [type];
  const typed = coerceType(
    value,
    types.find((one) => one !== 'null'),
  );
  return Array.isArray(choices) && !choices.includes(typed) ? null : typed;
};

const coerceType = (value: Json, type: unknown): Json => {
  if (type === 'string') return typeof value === 'object' ? null : String(value);
  if (type === 'boolean') return typeof value === 'boolean' ? value : null;
  if (type !== 'number' && type !== 'integer') return value;
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) && (type === 'number' || Number.isInteger(number))
    ? number
    : null;
};
