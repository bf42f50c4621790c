import type { Static, TSchema } from '@sinclair/typebox';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { type FieldError, type Problem, problem } from './errors.js';
import { addTextLengths } from './text-length.js';

export const UUID = '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$';
const IS_UUID = new RegExp(UUID);
export const isUuid = (text: string): boolean => IS_UUID.test(text);
/** What an id of its own may be: the nil UUID stands for none (RFC 9562), also where rows are walked through by their ids. */
export const UUID_OF_SOMETHING = `^(?!0{8}-0{4}-0{4}-0{4}-0{12}$)${UUID.slice(1)}`;
/** Of a text that must say something. */
export const NOT_BLANK = '\\S';
/** RFC 3339 with a zone; whether the day exists is checked where it is parsed. */
export const TIME = '^\\d{4}-\\d{2}-\\d{2}[Tt]\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?([Zz]|[+-]\\d{2}:\\d{2})$';

// verbose: what is said of a value that is wrong needs the schema's own words for what is right. That the schemas are schemas
// is seen by a test, not by every start.
const OPTIONS = {
  ...{ allErrors: true, strict: true, allowUnionTypes: true, verbose: true },
  ...{ meta: false, validateSchema: false },
} as const;
const strict = addTextLengths(new Ajv(OPTIONS));
const coercing = addTextLengths(new Ajv({ ...OPTIONS, coerceTypes: true, useDefaults: true }));

export type Check<T> = (
  value: unknown,
) => { readonly ok: true; readonly value: T } | { readonly ok: false; readonly errors: readonly FieldError[] };

/** A check of a body part: types are taken as they are. */
export const compileCheck = <S extends TSchema>(schema: S): Check<Static<S>> =>
  toCheck<Static<S>>(() => strict.compile(schema), '');

/** A check of a query string: texts become numbers and booleans where the schema says so, defaults are filled in. */
export const compileQueryCheck = <S extends TSchema>(schema: S): Check<Static<S>> =>
  toCheck<Static<S>>(() => coercing.compile(schema), '/query');

/** Compiled when it is first asked: all at once they would be a quarter of the time from start to ready. */
const toCheck = <T>(compile: () => ValidateFunction, prefix: string): Check<T> => {
  let validate: ValidateFunction | undefined;
  return (value) => {
    validate ??= compile();
    if (validate(value)) return { ok: true, value: value as T };
    return {
      ok: false,
      errors: withOneChoice(withoutOtherTypes(withoutEcho(validate.errors ?? [])))
        .slice(0, 100)
        .map((error) => toFieldError(error, prefix)),
    };
  };
};

/** Of a value that may be one of several things each is told; that it is none of them, and no null either, says nothing more. */
const withoutEcho = (errors: readonly ErrorObject[]): readonly ErrorObject[] => {
  const telling = errors.filter(({ keyword, params }) => keyword !== 'anyOf' && params.type !== 'null');
  const told = (path: string): boolean => telling.some(({ instancePath }) => instancePath.startsWith(path));
  return errors.filter((error) => (telling.includes(error) || !told(error.instancePath)) && !isEmptyAsWell(error));
};

/** Of a list that may be a text as well, what is wrong with the list is told, and not that it is no text. */
const withoutOtherTypes = (errors: readonly ErrorObject[]): readonly ErrorObject[] => {
  const looked = new Set<string>();
  for (const { schemaPath, instancePath } of errors) {
    const union = /^(.*)\/anyOf\/\d+\//.exec(schemaPath)?.[1];
    if (union === undefined || IS_OTHER_TYPE.test(schemaPath)) continue;
    for (let path = instancePath; ; path = path.slice(0, path.lastIndexOf('/'))) {
      looked.add(`${union} ${path}`);
      if (path === '') break;
    }
  }
  return errors.filter(({ schemaPath, instancePath }) => {
    const union = IS_OTHER_TYPE.exec(schemaPath)?.[1];
    return union === undefined || !looked.has(`${union} ${instancePath}`);
  });
};
const IS_OTHER_TYPE = /^(.*)\/anyOf\/\d+\/type$/;

/** Of a text that is empty its `minLength` tells. */
const isEmptyAsWell = ({ params, data }: ErrorObject): boolean => params.pattern === NOT_BLANK && data === '';

/** Each alternative of a union says of its own constant that it is not there: told once, with all that may be there. */
const withOneChoice = (errors: readonly ErrorObject[]): readonly ErrorObject[] => {
  const choices = new Map<string, unknown[]>();
  for (const { keyword, instancePath, params } of errors)
    if (keyword === 'const') choices.set(instancePath, [...(choices.get(instancePath) ?? []), params.allowedValue]);
  const told = new Set<string>();
  return errors.flatMap((error) => {
    const allowedValues = error.keyword === 'const' ? (choices.get(error.instancePath) ?? []) : [];
    if (allowedValues.length < 2) return [error];
    if (told.has(error.instancePath)) return [];
    told.add(error.instancePath);
    return [{ ...error, keyword: 'enum', params: { allowedValues } }];
  });
};

export const requireValid = <T>(check: Check<T>, value: unknown, what: string): T => {
  const result = check(value);
  if (result.ok) return result.value;
  throw refuseInvalid(what, result.errors);
};

/** Two mistakes have codes of their own, when they are all that is wrong. */
export const refuseInvalid = (what: string, errors: readonly FieldError[]): Problem => {
  const detail = `${what} is not valid: ${errors[0]?.detail ?? 'unknown reason'}`;
  const all = (code: RegExp, pointer: RegExp): boolean =>
    errors.length > 0 && errors.every((error) => code.test(error.code) && pointer.test(error.pointer));
  if (all(/^maximum$/, /^\/query\/limit$/)) return problem('limit_too_large', detail, { errors });
  if (all(/^(maximum|maxItems)$/, /^\/(limit|memories|updates|ids)$/))
    return problem('limit_too_large', detail, { errors, remedy: 'Ask for fewer, or send fewer, in several requests.' });
  // Holds have scopes of their own, which the remedy of the four scopes of memories would contradict.
  const isScope = all(/^enum$/, /\/scope$/) && errors.every((error) => error.detail.includes(SCOPES_OF_MEMORIES));
  return problem(isScope ? 'invalid_scope' : 'invalid_request', detail, { errors });
};
const SCOPES_OF_MEMORIES = 'user, team, organization, global';

const toFieldError = (error: ErrorObject, prefix: string): FieldError => {
  const extra =
    error.keyword === 'additionalProperties' ? escapePointer(String(error.params.additionalProperty)) : undefined;
  const missing = error.keyword === 'required' ? escapePointer(String(error.params.missingProperty)) : undefined;
  const pointer = `${prefix}${error.instancePath}${(extra ?? missing) ? `/${extra ?? missing}` : ''}`;
  return {
    pointer,
    code: extra ? 'unknown_key' : error.keyword,
    detail: `${pointer || 'the body'} ${sentence(error)}${given(error)}${plusLost(error, prefix)}`,
  };
};

/** Of a query a plus that was not percent-encoded is a space, and a time without its offset is all that is seen of it. */
const plusLost = ({ params, data }: ErrorObject, prefix: string): string =>
  prefix === '/query' && params.pattern === TIME && typeof data === 'string' && / \d{2}:\d{2}$/.test(data)
    ? ' (in a URL the + of an offset is written %2B)'
    : '';

const sentence = (error: ErrorObject): string => {
  if (error.keyword === 'additionalProperties') return 'is not a known key';
  if (error.keyword === 'required') return 'is required';
  if (error.keyword === 'enum')
    return `must be one of ${(error.params.allowedValues as readonly unknown[]).join(', ')}`;
  if (error.keyword === 'const') return `must be ${String(error.params.allowedValue)}`;
  if (error.keyword === 'pattern') return `must be ${wordsFor(error)}`;
  return error.message ?? 'is not valid';
};

/** What came instead, where it is short enough to be told and is no text of somebody's. */
const given = ({ keyword, data }: ErrorObject): string => {
  if (COUNTED.has(keyword)) return typeof data === 'string' || Array.isArray(data) ? ` (it has ${data.length})` : '';
  if (typeof data === 'number' || typeof data === 'boolean' || data === null) return `, not ${String(data)}`;
  if (typeof data === 'string' && NAMED.has(keyword) && data.length <= 64) return `, not ${JSON.stringify(data)}`;
  return '';
};
const COUNTED = new Set(['minLength', 'maxLength', 'minItems', 'maxItems']);
const NAMED = new Set(['enum', 'const', 'pattern', 'type']);

/** A pattern says little to people: what has a name or a description is told by it. */
const wordsFor = ({ params, parentSchema }: ErrorObject): string => {
  const pattern = String(params.pattern);
  const known = WORDS.get(pattern);
  if (known !== undefined) return known;
  const { description } = (parentSchema ?? {}) as { readonly description?: unknown };
  const told = typeof description === 'string' && description.length <= 200 ? ` (${description})` : '';
  return `text that matches ${pattern}${told}`;
};

const WORDS: ReadonlyMap<string, string> = new Map([
  [UUID, 'a UUID'],
  [UUID_OF_SOMETHING, 'a UUID, and not the nil UUID'],
  [NOT_BLANK, 'more than white space'],
  [TIME, 'a time with its zone, like 2026-01-31T12:00:00Z'],
]);

const escapePointer = (key: string): string => key.slice(0, 64).replaceAll('~', '~0').replaceAll('/', '~1');
