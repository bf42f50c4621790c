import { isError } from './cause.js';
import { type FieldError, problem } from './errors.js';
import { countMembers, endOfText, findRepeated } from './json-members.js';
import { buildPointer, MAX_DEPTH } from './json-pointer.js';

/** Enough to correct a body, few enough to answer quickly. */
const MAX_FINDINGS = 20;

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The same of what came from nowhere known. */
export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Text to a value, or a 400 that says where it is wrong. What JSON allows and a database or a log would choke on is refused. */
export const parseJson = (bytes: Buffer, what = 'the body'): Json => {
  const whole = `${what.charAt(0).toUpperCase()}${what.slice(1)}`;
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw problem('invalid_request', `${whole} is not valid UTF-8.`, {
      cause,
      errors: [{ pointer: '', code: 'utf-8', detail: `${what} is no UTF-8` }],
    });
  }
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (cause) {
    const where = positionOf(cause);
    const errors = [{ pointer: '', code: 'json', detail: `${what} is no JSON${where}` }];
    throw problem('invalid_request', `${whole} is not valid JSON${where}.`, { cause, errors });
  }
  const counted = { members: 0 };
  const storable = isStorable(value, 0, counted);
  if (!storable) demandStorable(value, text, whole);
  if (storable && counted.members === countMembers(text)) return value;
  const errors = findRepeated(text, MAX_FINDINGS);
  if (errors.length === 0) return value;
  throw problem('invalid_request', `${whole} names a member twice: ${errors[0]?.pointer}.`, { errors });
};

const demandStorable = (value: Json, text: string, whole: string): void => {
  const findings: FieldError[] = [];
  const large: Large[] = [];
  inspect(value, [], findings, large);
  if (large.length > 0) findings.push(...findRounded(text, large));
  if (findings.length === 0) return;
  throw problem('invalid_request', `${whole} holds values that cannot be stored.`, { errors: findings });
};

/** Whether `inspect` would find nothing, not even to look at again: without the paths, which cost more than all else. Counts what objects hold. */
const isStorable = (value: Json, depth: number, counted: { members: number }): boolean => {
  if (typeof value === 'number') return Math.abs(value) <= Number.MAX_SAFE_INTEGER;
  if (typeof value === 'string') return isStorableText(value);
  if (value === null || typeof value !== 'object') return true;
  if (depth >= MAX_DEPTH) return false;
  if (Array.isArray(value)) return value.every((item) => isStorable(item, depth + 1, counted));
  for (const key of Object.keys(value)) {
    counted.members++;
    const item = (value as { readonly [key: string]: Json })[key] ?? null;
    if (!isStorableText(key) || isPrototype(key, item) || !isStorable(item, depth + 1, counted)) return false;
  }
  return true;
};

const isStorableText = (text: string): boolean => !text.includes('\0') && text.isWellFormed();

const isPrototype = (key: string, item: Json): boolean =>
  key === '__proto__' || (key === 'constructor' && isObject(item) && Object.hasOwn(item, 'prototype'));

/** A whole number beyond what a double holds exactly: perhaps it was written so, perhaps it is another one now. */
interface Large {
  readonly path: readonly string[];
  readonly value: number;
}
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** An id of 19 digits that comes back as its neighbour is worse than one that is refused. */
const findRounded = (text: string, large: readonly Large[]): readonly FieldError[] => {
  const rounded = new Map<number, string>();
  for (const literal of numbersIn(text)) {
    if (literal.length < 16 || !/^-?\d+$/.test(literal)) continue;
    const value = Number(literal);
    if (Number.isFinite(value) && BigInt(literal) !== BigInt(value)) rounded.set(value, literal);
  }
  return large.slice(0, MAX_FINDINGS).flatMap(({ path, value }) => {
    const literal = rounded.get(value);
    if (literal === undefined) return [];
    const told = literal.length > 40 ? `${literal.slice(0, 40)}…` : literal;
    return [finding(path, 'number', `is ${told}, which no JSON reader keeps exactly: send it as a text`)];
  });
};

/** As they are written, outside of texts. */
function* numbersIn(text: string): Generator<string> {
  for (let at = 0; at < text.length; ) {
    const quote = text.indexOf('"', at);
    const end = quote === -1 ? text.length : quote;
    for (const [literal] of text.slice(at, end).matchAll(NUMBER)) yield literal;
    at = quote === -1 ? end : endOfText(text, quote);
  }
}

const positionOf = (cause: unknown): string => {
  const match = isError(cause) ? /position (\d+)/.exec(cause.message) : null;
  return match ? ` (at byte ${match[1]})` : '';
};

const inspect = (value: Json, path: readonly string[], findings: FieldError[], large: Large[]): void => {
  if (findings.length >= MAX_FINDINGS) return;
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) findings.push(finding(path, 'number', 'is too large for a number'));
    else if (Math.abs(value) > Number.MAX_SAFE_INTEGER) large.push({ path, value });
  } else if (typeof value === 'string') inspectString(value, path, findings);
  else if (Array.isArray(value)) inspectArray(value, path, findings, large);
  else if (value !== null && typeof value === 'object') inspectObject(value as JsonObject, path, findings, large);
};

const inspectString = (value: string, path: readonly string[], findings: FieldError[]): void => {
  if (value.includes('\0')) findings.push(finding(path, 'nul', 'contains the character U+0000'));
  else if (!value.isWellFormed()) findings.push(finding(path, 'surrogate', 'contains half of a surrogate pair'));
};

const inspectArray = (
  value: readonly Json[],
  path: readonly string[],
  findings: FieldError[],
  large: Large[],
): void => {
  if (path.length >= MAX_DEPTH)
    return void findings.push(finding(path, 'depth', `is nested deeper than ${MAX_DEPTH} levels`));
  for (let index = 0; index < value.length; index++) {
    const item = value[index] as Json;
    // Vectors are most of a large body: a plain number must not cost a path.
    if (typeof item === 'number' && Math.abs(item) <= Number.MAX_SAFE_INTEGER) continue;
    inspect(item, [...path, String(index)], findings, large);
  }
};

const inspectObject = (
  value: { readonly [key: string]: Json },
  path: readonly string[],
  findings: FieldError[],
  large: Large[],
): void => {
  if (path.length >= MAX_DEPTH)
    return void findings.push(finding(path, 'depth', `is nested deeper than ${MAX_DEPTH} levels`));
  for (const [key, item] of Object.entries(value)) {
    const where = [...path, key];
    inspectString(key, where, findings);
    if (isPrototype(key, item)) {
      findings.push(finding(where, 'prototype', 'is not a permitted key'));
    }
    inspect(item, where, findings, large);
  }
};

const finding = (path: readonly string[], code: string, what: string): FieldError => {
  const pointer = buildPointer(path);
  return { pointer, code, detail: `${pointer || 'the body'} ${what}` };
};
