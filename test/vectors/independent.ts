/**
 * The formats a second time, written from their description and not from the code: WebCrypto, DataView and async
 * functions where the service uses node:crypto, Buffers and sync ones. The vectors in this folder are what this makes.
 */
import { webcrypto } from 'node:crypto';

const { subtle } = webcrypto;
type Bytes = Uint8Array<ArrayBuffer>;

const text = (value: string): Bytes => new TextEncoder().encode(value) as Bytes;

export function join(...parts: readonly Uint8Array[]): Bytes {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.byteLength;
  }
  return out;
}

/** Big-endian, of `size` bytes. */
export function integer(value: number, size: number): Bytes {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(value));
  return new Uint8Array(view.buffer.slice(8 - size));
}

export const fromHex = (hex: string): Bytes =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
export const toHex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
export const toBase64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));
const fromBase64 = (value: string): Bytes => Uint8Array.from(atob(value), (character) => character.charCodeAt(0));
const uuid = (value: string): Bytes => fromHex(value.split('-').join(''));

async function hmac(hash: 'SHA-256' | 'SHA-512', key: Bytes, message: Bytes): Promise<Bytes> {
  const imported = await subtle.importKey('raw', key, { name: 'HMAC', hash }, false, ['sign']);
  return new Uint8Array(await subtle.sign('HMAC', imported, message));
}

const sha256 = async (message: Bytes): Promise<Bytes> => new Uint8Array(await subtle.digest('SHA-256', message));

/** SP 800-108, counter mode, one block of HMAC-SHA-512. */
export const kdf = (key: Bytes, label: string, context: Bytes = new Uint8Array()): Promise<Bytes> =>
  hmac('SHA-512', key, join(integer(1, 4), text(label), integer(0, 1), context, integer(512, 4)));

export const derivedKey = async (key: Bytes, label: string): Promise<Bytes> => (await kdf(key, label)).slice(0, 32);

/** Ciphertext and tag. */
async function gcm(key: Bytes, iv: Bytes, plaintext: Bytes, additionalData: Bytes): Promise<Bytes> {
  const imported = await subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt']);
  const sealed = await subtle.encrypt({ name: 'AES-GCM', iv, additionalData, tagLength: 128 }, imported, plaintext);
  return new Uint8Array(sealed);
}

export interface SealInput {
  readonly slotKey: string;
  readonly tenantId: string;
  readonly purpose: number;
  readonly slot: number;
  readonly generation: number;
  readonly salt: string;
  readonly table: string;
  readonly rowId: string;
  readonly rowVersion: number;
  readonly plaintext: string;
}

export async function sealedValue(input: SealInput): Promise<Bytes> {
  const salt = fromHex(input.salt);
  const d = await kdf(fromHex(input.slotKey), 'memplane/seal/1', join(integer(input.purpose, 1), salt));
  const header = join(
    integer(1, 1),
    integer(input.purpose, 1),
    integer(input.slot, 6),
    integer(input.generation, 2),
    salt,
    d.slice(44, 60),
  );
  const table = text(input.table);
  const place = join(
    uuid(input.tenantId),
    integer(table.length, 2),
    table,
    uuid(input.rowId),
    integer(input.rowVersion, 4),
  );
  return join(header, await gcm(d.slice(0, 32), d.slice(32, 44), fromHex(input.plaintext), join(header, place)));
}

export interface BlockInput {
  readonly kek: string;
  readonly tenantId: string;
  readonly n: number;
  readonly epoch: number;
  readonly kekGen: number;
  readonly salt: string;
  readonly slots: readonly {
    readonly i: number;
    readonly s: string;
    readonly g: readonly (readonly [number, string])[];
  }[];
}

export async function keyBlock(input: BlockInput): Promise<Bytes> {
  const salt = fromHex(input.salt);
  const d = await kdf(fromHex(input.kek), 'memplane/block/1', salt);
  const header = join(
    text('MPKB'),
    integer(1, 1),
    uuid(input.tenantId),
    integer(input.n, 4),
    integer(input.epoch, 8),
    integer(input.kekGen, 4),
    salt,
    d.slice(44, 60),
  );
  return join(header, await gcm(d.slice(0, 32), d.slice(32, 44), text(canonical(input.slots)), header));
}

export type Document = { readonly [member: string]: unknown };

export async function keyringMac(kek: string, document: Document): Promise<string> {
  const copy = JSON.parse(JSON.stringify(document)) as {
    mac?: unknown;
    keks: { wrapped?: unknown; context?: unknown }[];
  };
  delete copy.mac;
  for (const one of copy.keks) {
    delete one.wrapped;
    delete one.context;
  }
  const key = await derivedKey(fromHex(kek), 'memplane/keyring/1');
  return toBase64(await hmac('SHA-256', key, text(canonical(copy))));
}

export const checkValue = async (key: string): Promise<string> =>
  toBase64((await kdf(fromHex(key), 'memplane/kcv/1')).slice(0, 8));

export async function termToken(slotKey: string, term: string): Promise<number> {
  const utf8 = text(term);
  const inline = utf8.length <= 15;
  const block = new Uint8Array(16);
  block[0] = inline ? utf8.length : 0xff;
  block.set(inline ? utf8 : (await sha256(utf8)).slice(0, 15), 1);
  const raw = await derivedKey(fromHex(slotKey), 'memplane/index/1');
  const key = await subtle.importKey('raw', raw, 'AES-CBC', false, ['encrypt']);
  // The first block of CBC with a zero iv is the bare cipher.
  const encrypted = await subtle.encrypt({ name: 'AES-CBC', iv: new Uint8Array(16) }, key, block);
  return new DataView(encrypted).getInt32(0);
}

const keyed = async (slotKey: string, label: string, message: Bytes): Promise<Bytes> =>
  hmac('SHA-256', await derivedKey(fromHex(slotKey), label), message);

export const pseudonym = async (slotKey: string, tenantId: string): Promise<string> =>
  toBase64((await keyed(slotKey, 'memplane/pseudonym/1', text(tenantId))).slice(0, 16))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');

export async function rowMac(slotKey: string, table: string, row: Document): Promise<string> {
  const columns = Object.fromEntries(Object.entries(row).filter(([name]) => name !== 'mac'));
  return toHex(await keyed(slotKey, 'memplane/rowmac/1', text(`${table}\n${canonical(columns)}`)));
}

export const apiKeyHash = async (slotKey: string, apiKey: string): Promise<string> =>
  toHex(await keyed(slotKey, 'memplane/apikey/1', text(apiKey)));

export const contentHash = async (slotKey: string, use: string, content: string): Promise<string> =>
  toHex(await keyed(slotKey, 'memplane/content/1', join(text(use), integer(0, 1), text(content))));

export const cursorKey = async (slotKey: string): Promise<string> =>
  toHex(await derivedKey(fromHex(slotKey), 'memplane/cursor/1'));

/** `envelope` with its salt in base64. */
export async function rowCommit(envelope: Document): Promise<string> {
  const { salt, ...rest } = envelope;
  return toHex(await sha256(join(text('memplane/commit/1\n'), fromBase64(String(salt)), text(canonical(rest)))));
}

export interface WrapInput {
  readonly key: string;
  readonly iv: string;
  readonly dataKey: string;
  readonly context: Document;
}

export async function fileKmsWrap({ key, iv, dataKey, context }: WrapInput): Promise<string> {
  const sealed = await gcm(fromHex(key), fromHex(iv), fromHex(dataKey), text(canonical(context)));
  return toBase64(join(integer(1, 1), fromHex(iv), sealed));
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

function quoted(value: string): string {
  const characters = Array.from(value, (character) => {
    const code = character.charCodeAt(0);
    return ESCAPES.get(character) ?? (code < 0x20 ? `\\u${code.toString(16).padStart(4, '0')}` : character);
  });
  return `"${characters.join('')}"`;
}

/** RFC 8785. */
export function canonical(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return `${value}`;
  const names = Object.keys(value).sort(byCodeUnits);
  return `{${names.map((name) => `${quoted(name)}:${canonical((value as Document)[name])}`).join()}}`;
}

function byCodeUnits(a: string, b: string): number {
  for (let i = 0; i < Math.min(a.length, b.length); i += 1) {
    const difference = a.charCodeAt(i) - b.charCodeAt(i);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
