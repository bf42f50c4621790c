import { type FieldError, invalidField, tooLongField } from '../field-errors.js';
import { fitsFormat } from './formats.js';
import type { Schema } from './schema.js';

export function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

const patterns = new Map<string, RegExp>();

/** A pattern of a definition; Kubernetes reads RE2, whose `(?i)` and `\z` JavaScript spells otherwise. */
export function compilePattern(pattern: string): RegExp {
  const known = patterns.get(pattern);
  if (known !== undefined) return known;
  const flags = /^\(\?([ims]+)\)/.exec(pattern);
  const source = (flags === null ? pattern : pattern.slice(flags[0].length))
    .replaceAll('\\z', '$')
    .replaceAll('\\A', '^');
  const compiled = new RegExp(source, `u${flags?.[1] ?? ''}`);
  patterns.set(pattern, compiled);
  return compiled;
}

/** The first rule that a string breaks: length before pattern, as Kubernetes checks them. */
export function stringErrors(value: string, schema: Schema, path: string): readonly FieldError[] {
  const { minLength, maxLength, pattern, format } = schema;
  const length = maxLength === undefined && minLength === undefined ? 0 : [...value].length;
  if (maxLength !== undefined && length > maxLength) return [tooLongField(path, maxLength)];
  if (minLength !== undefined && length < minLength) {
    return [invalidField(path, value, `${path} in body should be at least ${minLength} chars long`)];
  }
  if (pattern !== undefined && !compilePattern(pattern).test(value)) {
    return [invalidField(path, value, `${path} in body should match '${pattern}'`)];
  }
  if (format !== undefined && !fitsFormat(format, value)) {
    const text = `${path} in body must be of type ${format}: ${JSON.stringify(value)}`;
    return [{ ...invalidField(path, value, text), reason: 'FieldValueTypeInvalid' }];
  }
  return [];
}

export function numberErrors(value: number, schema: Schema, path: string): readonly FieldError[] {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  const errors: FieldError[] = [];
  const say = (text: string): void => void errors.push(invalidField(path, value, `${path} in body should be ${text}`));
  if (multipleOf !== undefined && !Number.isInteger(value / multipleOf)) say(`a multiple of ${multipleOf}`);
  if (maximum !== undefined && (exclusiveMaximum === true ? value >= maximum : value > maximum)) {
    say(exclusiveMaximum === true ? `less than ${maximum}` : `less than or equal to ${maximum}`);
  }
  if (minimum !== undefined && (exclusiveMinimum === true ? value <= minimum : value < minimum)) {
    say(exclusiveMinimum === true ? `greater than ${minimum}` : `greater than or equal to ${minimum}`);
  }
  return errors;
}
