/** The audit log a second time, from RFC 6962 and the C2SP documents: recursive definitions, WebCrypto, no code of ours. */
import { webcrypto } from 'node:crypto';
import { canonical, type Document, fromHex, integer, join, toBase64, toHex } from './independent.js';

const { subtle } = webcrypto;
type Bytes = Uint8Array<ArrayBuffer>;

const text = (value: string): Bytes => new TextEncoder().encode(value) as Bytes;
const hash = async (...parts: readonly Uint8Array[]): Promise<Bytes> =>
  new Uint8Array(await subtle.digest('SHA-256', join(...parts)));

export const leaf = (data: Uint8Array): Promise<Bytes> => hash(integer(0, 1), data);
const node = async (left: Bytes, right: Bytes): Promise<Bytes> => hash(integer(1, 1), left, right);

const split = (n: number): number => 2 ** (32 - Math.clz32(n - 1) - 1);

/** MTH of RFC 6962 2.1, over hashes of leaves. */
export async function treeHash(leaves: readonly Bytes[]): Promise<Bytes> {
  const [only] = leaves;
  if (only === undefined) return hash();
  if (leaves.length === 1) return only;
  const k = split(leaves.length);
  return node(await treeHash(leaves.slice(0, k)), await treeHash(leaves.slice(k)));
}

/** PATH of 2.1.1. */
export async function path(m: number, leaves: readonly Bytes[]): Promise<readonly Bytes[]> {
  if (leaves.length === 1) return [];
  const k = split(leaves.length);
  return m < k
    ? [...(await path(m, leaves.slice(0, k))), await treeHash(leaves.slice(k))]
    : [...(await path(m - k, leaves.slice(k))), await treeHash(leaves.slice(0, k))];
}

/** SUBPROOF of 2.1.2. */
export async function subproof(m: number, leaves: readonly Bytes[], whole: boolean): Promise<readonly Bytes[]> {
  if (m === leaves.length) return whole ? [] : [await treeHash(leaves)];
  const k = split(leaves.length);
  return m <= k
    ? [...(await subproof(m, leaves.slice(0, k), whole)), await treeHash(leaves.slice(k))]
    : [...(await subproof(m - k, leaves.slice(k), false)), await treeHash(leaves.slice(0, k))];
}

export interface Fact {
  readonly id: string;
  readonly version: number;
  readonly op: 'put' | 'delete';
  readonly commit: string;
}

export const factRecord = ({ id, version, op, commit }: Fact): Bytes =>
  join(fromHex(id.split('-').join('')), integer(version, 4), integer(op === 'put' ? 1 : 2, 1), fromHex(commit));
export const factLeaf = (fact: Fact): Promise<Bytes> => leaf(join(text('memplane/fact/1\n'), factRecord(fact)));
export const readLeaf = (read: Document): Promise<Bytes> => leaf(text(`memplane/read/1\n${canonical(read)}`));
export const detailCommit = (salt: string, detail: Document): Promise<Bytes> =>
  hash(text('memplane/detail/1\n'), fromHex(salt), text(canonical(detail)));

/** Each event with its number and the leaf hash of the one before it. */
export async function chain(events: readonly Document[]): Promise<readonly string[]> {
  const texts: string[] = [];
  let prev: Bytes = new Uint8Array(32);
  for (const [seq, event] of events.entries()) {
    const whole = canonical({ ...event, v: 1, seq: String(seq), prev: toBase64(prev) });
    texts.push(whole);
    prev = await leaf(text(whole));
  }
  return texts;
}

/** A signed note of an Ed25519 key made from `seed`; the same each time. */
export async function checkpoint(seed: string, origin: string, size: number, root: Bytes): Promise<Document> {
  const pkcs8 = join(fromHex('302e020100300506032b657004220420'), fromHex(seed));
  const key = await subtle.importKey('pkcs8', pkcs8, { name: 'Ed25519' }, true, ['sign']);
  const { x = '' } = await subtle.exportKey('jwk', key);
  const raw = Uint8Array.from(atob(x.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
  const typed = join(integer(1, 1), raw);
  const id = (await hash(text(`${origin}\n`), typed)).slice(0, 4);
  const body = `${origin}\n${size}\n${toBase64(root)}\n`;
  const signature = new Uint8Array(await subtle.sign('Ed25519', key, text(body)));
  const note = `${body}\n— ${origin} ${toBase64(join(id, signature))}\n`;
  return { seed, vkey: `${origin}+${toHex(id)}+${toBase64(typed)}`, note };
}

export const entryBundle = (entries: readonly string[]): Bytes =>
  join(...entries.flatMap((entry) => [integer(text(entry).length, 2), text(entry)]));
