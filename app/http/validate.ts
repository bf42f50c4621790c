import type { Static, TSchema } from '@sinclair/typebox';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { type ErrorCode, type FieldError, problem } from './errors.js';

export const UUID = '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$';
/** RFC 3339 with a zone; whether the day exists is checked where it is parsed. */
export const TIME = '^\\d{4}-\\d{2}-\\d{2}[Tt]\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?([Zz]|[+-]\\d{2}:\\d{2})$';

const strict = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true });
const coercing = new Ajv({
  allErrors: true,
  strict: true,
  coerceTypes: true,
  useDefaults: true,
  allowUnionTypes: true,
});

export type Check<T> = (
  value: unknown,
) => { readonly ok: true; readonly value: T } | { readonly ok: false; readonly errors: readonly FieldError[] };

/** A check of a body part: types are taken as they are. */
export const compileCheck = <S extends TSchema>(schema: S): Check<Static<S>> =>
  toCheck<Static<S>>(strict.compile(schema), '');

/** A check of a query string: texts become numbers and booleans where the schema says so, defaults are filled in. */
export const compileQueryCheck = <S extends TSchema>(schema: S): Check<Static<S>> =>
  toCheck<Static<S>>(coercing.compile(schema), '/query');

const toCheck =
  <T>(validate: ValidateFunction, prefix: string): Check<T> =>
  (value) => {
    if (validate(value)) return { ok: true, value: value as T };
    return { ok: false, errors: (validate.errors ?? []).slice(0, 100).map((error) => toFieldError(error, prefix)) };
  };

export const requireValid = <T>(check: Check<T>, value: unknown, what: string): T => {
  const result = check(value);
  if (result.ok) return result.value;
  throw problem(codeOf(result.errors), `${what} is not valid: ${result.errors[0]?.detail ?? 'unknown reason'}`, {
    errors: result.errors,
  });
};

/** Two mistakes have codes of their own, when they are all that is wrong. */
const codeOf = (errors: readonly FieldError[]): ErrorCode => {
  const all = (code: RegExp, pointer: RegExp): boolean =>
    errors.every((error) => code.test(error.code) && pointer.test(error.pointer));
  if (all(/^(maximum|maxItems)$/, /\/(limit|memories)$/)) return 'limit_too_large';
  return all(/^enum$/, /\/scope$/) ? 'invalid_scope' : 'invalid_request';
};

const toFieldError = (error: ErrorObject, prefix: string): FieldError => {
  const extra =
    error.keyword === 'additionalProperties' ? escapePointer(String(error.params.additionalProperty)) : undefined;
  const missing = error.keyword === 'required' ? escapePointer(String(error.params.missingProperty)) : undefined;
  const pointer = `${prefix}${error.instancePath}${(extra ?? missing) ? `/${extra ?? missing}` : ''}`;
  return {
    pointer,
    code: extra ? 'unknown_key' : error.keyword,
    detail: `${pointer || 'the body'} ${sentence(error)}`,
  };
};

const sentence = (error: ErrorObject): string => {
  if (error.keyword === 'additionalProperties') return 'is not a known key';
  if (error.keyword === 'required') return 'is required';
  if (error.keyword === 'enum')
    return `must be one of ${(error.params.allowedValues as readonly unknown[]).join(', ')}`;
  if (error.keyword === 'const') return `must be ${String(error.params.allowedValue)}`;
  return error.message ?? 'is not valid';
};

const escapePointer = (key: string): string => key.slice(0, 64).replaceAll('~', '~0').replaceAll('/', '~1');
