import { cloneJson, isDict, type MutableDict } from '../objects.js';
import { fieldSchema, type Schema } from './schema.js';

const simple = new WeakMap<Schema, boolean>();

/** Whether nothing below can bring a default or refuse a null: most branches, and they are skipped. */
function isSimple(schema: Schema): boolean {
  const known = simple.get(schema);
  if (known !== undefined) return known;
  simple.set(schema, true);
  const below = [...Object.values(schema.properties ?? {}), schema.items, schema.additionalProperties];
  const plain = schema.default === undefined && below.every((child) => !isDict(child) || isSimple(child as Schema));
  simple.set(schema, plain && schema.properties === undefined);
  return plain && schema.properties === undefined;
}

/**
 * The value with the schema's defaults, and without nulls where none is allowed (a null asks for the default). The same
 * reference when nothing was missing.
 */
export function withDefaults(value: unknown, schema: Schema | undefined, nulls: Nulls = 'drop'): unknown {
  if (schema === undefined || isSimple(schema)) return value;
  if (Array.isArray(value)) return defaultList(value, schema, nulls);
  return isDict(value) ? defaultDict(value, schema, nulls) : value;
}

/** What an apply leaves null stays null, for validation to refuse; anybody else's null is dropped. */
export type Nulls = 'drop' | 'keep';

function defaultList(list: readonly unknown[], schema: Schema, nulls: Nulls): readonly unknown[] {
  let changed = false;
  const filled = list.map((item) => {
    const next = withDefaults(item, schema.items, nulls);
    if (next !== item) changed = true;
    return next;
  });
  return changed ? filled : list;
}

function defaultDict(value: Readonly<Record<string, unknown>>, schema: Schema, nulls: Nulls): unknown {
  let filled: MutableDict | undefined;
  const change = (): MutableDict => {
    filled ??= { ...value };
    return filled;
  };
  for (const [name, entry] of Object.entries(value)) {
    const own = fieldSchema(schema, name);
    if (entry !== null || own === undefined || own.nullable === true || own.type === undefined) continue;
    if (nulls === 'drop' || own.default !== undefined) delete change()[name];
  }
  for (const [name, own] of Object.entries(schema.properties ?? {})) {
    if (own.default !== undefined && (filled ?? value)[name] === undefined) change()[name] = cloneJson(own.default);
  }
  for (const [name, entry] of Object.entries(filled ?? value)) {
    const next = withDefaults(entry, fieldSchema(schema, name), nulls);
    if (next !== entry) change()[name] = next;
  }
  return filled ?? value;
}
