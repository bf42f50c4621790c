import {
  duplicateField,
  type FieldError,
  invalidField,
  requiredField,
  tooManyItems,
  unsupportedField,
  wrongType,
} from '../field-errors.js';
import { type Dict, isDict, sameJson } from '../objects.js';
import { itemsByElementOf } from './list-items.js';
import { fieldSchema, type Schema } from './schema.js';
import { numberErrors, stringErrors, typeName } from './validate-scalar.js';

export const ROOT = '<nil>';

export const joinPath = (path: string, field: string): string => (path === '' ? field : `${path}.${field}`);

const named = (path: string): string => (path === '' ? ROOT : path);

/**
 * Every field that breaks its schema. With the old value of an update, what did not change is not held against the
 * writer: a schema may have become stricter since.
 */
export function validateSchema(
  value: unknown,
  schema: Schema | undefined,
  path: string,
  old?: unknown,
): readonly FieldError[] {
  if (schema === undefined || value === undefined) return [];
  if (old !== undefined && sameJson(old, value)) return [];
  const type = typeErrors(value, schema, path);
  if (type.length > 0) return type;
  if (value === null) return [];
  return [
    ...enumErrors(value, schema, path),
    ...valueErrors(value, schema, path, old),
    ...combinedErrors(value, schema, path),
  ];
}

function typeErrors(value: unknown, schema: Schema, path: string): readonly FieldError[] {
  if (value === null && schema.nullable === true) return [];
  const actual = typeName(value);
  if (schema['x-kubernetes-int-or-string'] === true) {
    return actual === 'integer' || actual === 'string' ? [] : [mismatch(path, actual, 'integer,string')];
  }
  if (schema.type === undefined || schema.type === actual) return [];
  if (schema.type === 'number' && actual === 'integer') return [];
  return [mismatch(path, actual, schema.type)];
}

const mismatch = (path: string, actual: string, expected: string): FieldError =>
  wrongType(named(path), actual, `${path} in body must be of type ${expected}: "${actual}"`);

function enumErrors(value: unknown, schema: Schema, path: string): readonly FieldError[] {
  if (schema.enum === undefined || schema.enum.some((allowed) => sameJson(allowed, value))) return [];
  return [unsupportedField(named(path), value, schema.enum)];
}

function valueErrors(value: unknown, schema: Schema, path: string, old: unknown): readonly FieldError[] {
  if (typeof value === 'string') return stringErrors(value, schema, path);
  if (typeof value === 'number') return numberErrors(value, schema, path);
  if (Array.isArray(value)) return listErrors(value, schema, path, old);
  return isDict(value) ? dictErrors(value, schema, path, old) : [];
}

function listErrors(list: readonly unknown[], schema: Schema, path: string, old: unknown): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { minItems, maxItems } = schema;
  if (maxItems !== undefined && list.length > maxItems) errors.push(tooManyItems(path, list.length, maxItems));
  if (minItems !== undefined && list.length < minItems) {
    errors.push(invalidField(path, list.length, `${path} in body should have at least ${minItems} items`));
  }
  const previous = itemsByElementOf(schema, old);
  list.forEach((item, index) => {
    errors.push(...validateSchema(item, schema.items, `${path}[${index}]`, previous?.(item)));
  });
  return [...errors, ...duplicates(list, schema, path)];
}

function duplicates(list: readonly unknown[], schema: Schema, path: string): readonly FieldError[] {
  const type = schema['x-kubernetes-list-type'];
  if (type !== 'set' && type !== 'map') return [];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const seen = new Set<string>();
  return list.flatMap((item, index) => {
    const identity =
      type === 'set' ? item : Object.fromEntries(keys.map((key) => [key, isDict(item) ? item[key] : null]));
    const text = JSON.stringify(identity);
    if (!seen.has(text)) {
      seen.add(text);
      return [];
    }
    return type === 'set'
      ? [duplicateField(`${path}[${index}]`, identity)]
      : [
          {
            ...duplicateField(`${path}[${index}]`, identity),
            message: `Duplicate value: map[string]interface {}${text}`,
          },
        ];
  });
}

function dictErrors(value: Dict, schema: Schema, path: string, old: unknown): readonly FieldError[] {
  const errors: FieldError[] = [];
  const count = Object.keys(value).length;
  const { minProperties, maxProperties } = schema;
  if (maxProperties !== undefined && count > maxProperties)
    errors.push(tooManyItems(named(path), count, maxProperties));
  if (minProperties !== undefined && count < minProperties) {
    errors.push(invalidField(named(path), count, `${path} in body should have at least ${minProperties} properties`));
  }
  for (const name of schema.required ?? []) {
    if (!Object.hasOwn(value, name)) errors.push(requiredField(joinPath(path, name)));
  }
  for (const [name, entry] of Object.entries(value)) {
    const before = isDict(old) ? old[name] : undefined;
    errors.push(...validateSchema(entry, fieldSchema(schema, name), joinPath(path, name), before));
  }
  return errors;
}

/** The alternatives say "one of them did not fit" and name the value's path in the text, as Kubernetes does. */
function combinedErrors(value: unknown, schema: Schema, path: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  const fits = (option: Schema): boolean => validateSchema(value, option, path).length === 0;
  const say = (text: string): void => void errors.push(invalidField(ROOT, '', `"${path}" must ${text}`));
  for (const part of schema.allOf ?? []) errors.push(...validateSchema(value, part, path));
  if (schema.anyOf !== undefined && !schema.anyOf.some(fits)) say('validate at least one schema (anyOf)');
  if (schema.not !== undefined && fits(schema.not)) say('not validate the schema (not)');
  if (schema.oneOf !== undefined) {
    const matches = schema.oneOf.filter(fits).length;
    const found = matches === 0 ? 'none valid' : `${matches} valid alternatives`;
    if (matches !== 1) say(`validate one and only one schema (oneOf). Found ${found}`);
    if (matches === 0) errors.push(...validateSchema(value, schema.oneOf[0], path));
  }
  return errors;
}
