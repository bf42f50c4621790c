import type { Hmac } from 'node:crypto';
import { jcs } from './jcs.js';

/**
 * The JCS of a value into a hash, without ever being one text: that of a body of a thousand vectors, and what it is put
 * together from, cost five times the hashing. How values are written, and what is refused, `jcs` says.
 */
export const hashJcs = (hash: Hmac, value: unknown): Hmac => {
  const out = new Pieces(hash);
  write(out, value);
  out.end();
  return hash;
};

/** What goes into the hash at once. One is filled at a time. */
const page = Buffer.alloc(64 * 1024);
const MOST_BYTES_A_CHARACTER = 3;
/** Shorter texts are put together first: each is a call otherwise. */
const LONG = 512;

class Pieces {
  readonly #hash: Hmac;
  #text = '';
  #length = 0;

  constructor(hash: Hmac) {
    this.#hash = hash;
  }

  add(text: string): void {
    this.#text += text;
    if (this.#text.length >= LONG) this.#settle();
  }

  /** A long text as it is. */
  addWhole(text: string): void {
    this.#settle();
    this.#write(text);
  }

  end(): void {
    this.#settle();
    this.#flush();
  }

  #settle(): void {
    if (this.#text !== '') this.#write(this.#text);
    this.#text = '';
  }

  #write(text: string): void {
    const most = text.length * MOST_BYTES_A_CHARACTER;
    if (most > page.length - this.#length) this.#flush();
    if (most > page.length) this.#hash.update(text, 'utf8');
    else this.#length += page.write(text, this.#length, 'utf8');
  }

  #flush(): void {
    this.#hash.update(page.subarray(0, this.#length));
    this.#length = 0;
  }
}

const write = (out: Pieces, value: unknown): void => {
  if (typeof value === 'string' && value.length >= LONG && isBase64(value)) {
    out.add('"');
    out.addWhole(value);
    out.add('"');
  } else if (Array.isArray(value)) writeArray(out, value);
  else if (isPlain(value)) writeObject(out, value);
  else out.add(jcs(value));
};

const writeArray = (out: Pieces, values: readonly unknown[]): void => {
  out.add('[');
  for (let at = 0; at < values.length; at += 1) {
    if (at > 0) out.add(',');
    write(out, values[at]);
  }
  out.add(']');
};

const writeObject = (out: Pieces, value: Readonly<Record<string, unknown>>): void => {
  let before = '{';
  for (const name of Object.keys(value).sort()) {
    out.add(`${before}${jcs(name)}:`);
    write(out, value[name]);
    before = ',';
  }
  out.add(before === '{' ? '{}' : '}');
};

const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

const decoded = Buffer.alloc(24 * 1024);
const PADDING: ReadonlySet<string> = new Set(['', '=', '==']);

/**
 * Whether it is letters of base64 alone, of which none is escaped: to look for what is takes three times as long. The decoder
 * passes over all else, so that something is missing then.
 */
const isBase64 = (text: string): boolean => {
  const padding = text.indexOf('=');
  const letters = padding < 0 ? text.length : padding;
  const bytes = Math.floor((letters * 3) / 4);
  if (bytes > decoded.length || letters % 4 === 1 || !PADDING.has(text.slice(letters))) return false;
  return decoded.write(text, 'base64') === bytes && Buffer.byteLength(text, 'utf8') === text.length;
};
