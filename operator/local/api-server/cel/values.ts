import { isDict } from '../objects.js';
import { fitsFormat } from '../schema/formats.js';
import { fieldSchema, type Schema } from '../schema/schema.js';

const RESERVED = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

/** A field's name as CEL can spell it: `x-y` becomes `x__dash__y`, `namespace` becomes `__namespace__`. */
export function escapeName(name: string): string {
  if (RESERVED.has(name)) return `__${name}__`;
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !name.includes('__')) return name;
  return name
    .replaceAll('__', '__underscores__')
    .replaceAll('.', '__dot__')
    .replaceAll('-', '__dash__')
    .replaceAll('/', '__slash__');
}

/**
 * JSON as CEL sees it through a schema: integers are 64-bit, date-times are timestamps, maps keep their keys and
 * objects have theirs escaped. Without a schema a whole number is an integer.
 */
export function toCel(value: unknown, schema: Schema | undefined): unknown {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'number') return schema?.type !== 'number' && Number.isInteger(value) ? BigInt(value) : value;
  if (typeof value === 'string') {
    return schema?.format === 'date-time' && fitsFormat('date-time', value) ? new Date(value) : value;
  }
  if (Array.isArray(value)) return value.map((entry) => toCel(entry, schema?.items));
  return isDict(value) ? objectToCel(value, schema) : value;
}

function objectToCel(value: Readonly<Record<string, unknown>>, schema: Schema | undefined): unknown {
  const entries = new Map<string, unknown>();
  for (const [name, entry] of Object.entries(value)) {
    const own = schema?.properties !== undefined && Object.hasOwn(schema.properties, name);
    const shown = toCel(entry, fieldSchema(schema, name));
    entries.set(name, shown);
    // A reserved word can be spelled both ways after a dot: `self.namespace` is `self.__namespace__`.
    if (own && escapeName(name) !== name) entries.set(escapeName(name), shown);
  }
  return entries;
}
