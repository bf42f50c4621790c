/**
 * RFC 8785, the JSON Canonicalization Scheme: one text for one value, so that it can be sealed, signed and compared.
 * What JSON cannot carry without loss is refused with its path, never dropped: `undefined`, `NaN`, a `Date`, a
 * `bigint`, half a surrogate pair.
 */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [member: string]: Json };

export class NotCanonical extends Error {
  readonly code = 'NotCanonical';
  readonly path: string;
  readonly why: string;

  constructor(path: string, why: string) {
    super(`${path === '' ? 'the value' : path} cannot be canonical JSON: ${why}`);
    this.name = 'NotCanonical';
    this.path = path;
    this.why = why;
  }
}

/** Deep enough for any metadata, shallow enough for the stack of a worker thread. */
const MAXIMUM_DEPTH = 128;

/** With the u flag a pair is one character, so only lone surrogates match. */
const HALF_CHARACTER = /\p{Surrogate}/u;

export const jcs = (value: unknown): string => canonical(value, 0);

export const jcsBytes = (value: unknown): Buffer => Buffer.from(jcs(value), 'utf8');

function canonical(value: unknown, depth: number): string {
  if (depth > MAXIMUM_DEPTH) throw new NotCanonical('', `nested deeper than ${MAXIMUM_DEPTH}`);
  switch (typeof value) {
    case 'string':
      return canonicalString(value);
    case 'number':
      if (!Number.isFinite(value)) throw new NotCanonical('', `${value} is no JSON number`);
      // ECMAScript prints the shortest digits that read back, which is what the RFC asks for; -0 prints as 0.
      return String(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      if (Array.isArray(value)) return canonicalArray(value, depth);
      return canonicalObject(value, depth);
    default:
      throw new NotCanonical('', `${typeof value} has no JSON form`);
  }
}

function canonicalString(value: string): string {
  // JSON.stringify escapes exactly what the RFC escapes, in the same form, and half a pair besides: as \ud….
  const text = JSON.stringify(value);
  if (text.length > value.length + 2 && text.includes('\\ud') && HALF_CHARACTER.test(value)) {
    throw new NotCanonical('', 'half a surrogate pair is no character');
  }
  return text;
}

/** Where it was is told on the way out: a path for every value that is fine costs more than the value. */
const within = (part: string | number, cause: unknown): unknown =>
  cause instanceof NotCanonical ? new NotCanonical(`/${part}${cause.path}`, cause.why) : cause;

function canonicalArray(value: readonly unknown[], depth: number): string {
  const items: string[] = [];
  try {
    // By index: a hole must be refused, and map would pass over it.
    for (let i = 0; i < value.length; i += 1) items.push(canonical(value[i], depth + 1));
  } catch (cause) {
    throw within(items.length, cause);
  }
  return `[${items.join(',')}]`;
}

function canonicalObject(value: object, depth: number): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new NotCanonical('', `a ${value.constructor.name} has no JSON form of its own`);
  }
  // The default order of sort() is by UTF-16 code units, which is the RFC's.
  const names = Object.keys(value).sort();
  let text = '';
  let at = '';
  try {
    for (const name of names) {
      at = name;
      const member = canonical((value as Readonly<Record<string, unknown>>)[name], depth + 1);
      text += `${text === '' ? '' : ','}${canonicalString(name)}:${member}`;
    }
  } catch (cause) {
    throw within(at, cause);
  }
  return `{${text}}`;
}
