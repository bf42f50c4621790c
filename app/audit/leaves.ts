import { hash, randomBytes } from 'node:crypto';
import { sha256Into } from '../sealing/digest.js';
import { jcs, jcsBytes } from '../sealing/jcs.js';
import { writeUuid } from '../sealing/place.js';
import { HASH_BYTES, merkleRoot, rootOfLeaves, sha256 } from './merkle.js';
import type { AuditFact } from './trail.js';

/** What a batch's root is made of, and what an event commits to. */
export const FACT_BYTES = 53;
const FACT_LABEL = Buffer.from('memplane/fact/1\n');
/** Of a leaf the prefix of RFC 6962, then what kind of leaf it is: all of it is text here. */
const READ_PREFIX = '\0memplane/read/1\n';
const DETAIL_LABEL = Buffer.from('memplane/detail/1\n');
const NOTHING = Buffer.alloc(32);

/** id(16) ‖ u32 version ‖ op ‖ commit(32), one after the other. */
export const encodeFacts = (facts: readonly AuditFact[]): Buffer => {
  const bytes = Buffer.alloc(facts.length * FACT_BYTES);
  facts.forEach(({ id, version, op, commit }, index) => {
    const at = index * FACT_BYTES;
    writeUuid(bytes, at, id, 'id');
    bytes.writeUInt32BE(version, at + 16);
    bytes[at + 20] = op === 'put' ? 1 : 2;
    bytes.set(op === 'put' ? commit : NOTHING, at + 21);
  });
  return bytes;
};

export const decodeFacts = (bytes: Buffer): readonly AuditFact[] => {
  if (bytes.length % FACT_BYTES !== 0) throw new RangeError(`${bytes.length} bytes are no whole number of facts`);
  return Array.from({ length: bytes.length / FACT_BYTES }, (_, index): AuditFact => {
    const fact = bytes.subarray(index * FACT_BYTES, (index + 1) * FACT_BYTES);
    const hex = fact.toString('hex', 0, 16);
    const id = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
    return { id, version: fact.readUInt32BE(16), op: fact[20] === 1 ? 'put' : 'delete', commit: fact.subarray(21) };
  });
};

/** One buffer for all: the leaf's prefix and label stay, the fact behind them changes. */
export const factRoot = (facts: Buffer): Buffer => {
  const leaf = Buffer.alloc(1 + FACT_LABEL.length + FACT_BYTES);
  leaf.set(FACT_LABEL, 1);
  const leaves = Buffer.allocUnsafe(Math.ceil(facts.length / FACT_BYTES) * HASH_BYTES);
  for (let at = 0, to = 0; at < facts.length; at += FACT_BYTES, to += HASH_BYTES) {
    facts.copy(leaf, 1 + FACT_LABEL.length, at, at + FACT_BYTES);
    sha256Into(leaves, to, leaf);
  }
  return rootOfLeaves(leaves);
};

/** A line of JCS a read, each ended by a newline. */
export const readRoot = (lines: Buffer): Buffer => merkleRoot(readLines(lines).map(readLeaf));

/** Of a line without its newline. */
export const readLeaf = (line: string): Buffer => hash('sha256', READ_PREFIX + line, 'buffer');

/** Into memory that is there: a request has no use for a buffer of its own. */
export const readLeafInto = (target: Buffer, at: number, line: string): void => {
  target.write(hash('sha256', READ_PREFIX + line, 'binary'), at, HASH_BYTES, 'binary');
};

export const readLines = (lines: Buffer): readonly string[] => lines.toString('utf8').split('\n').filter(Boolean);

export interface Detail {
  /** 32 bytes in base64. */
  readonly salt: string;
  readonly detail: { readonly [key: string]: unknown };
}

export const newDetail = (detail: Detail['detail']): Detail => ({ salt: randomBytes(32).toString('base64'), detail });

/** What was personal can be shown to be this by whoever has the salt; without it the hash says nothing. */
export const detailCommit = ({ salt, detail }: Detail): Buffer =>
  sha256(DETAIL_LABEL, Buffer.from(salt, 'base64'), jcsBytes(detail));

export interface ReadLeaf {
  readonly writer: string;
  readonly epoch: number;
  readonly n: number;
  readonly time: string;
  readonly keyId: string;
  readonly subject: string | null;
  readonly op: string;
  readonly ids: readonly string[];
  readonly commit: string | null;
}

/** The JCS of a read, ended by a newline. Its members are in their order here: sorting them again cost more than the rest. */
export const readLine = ({ commit, epoch, ids, keyId, n, op, subject, time, writer }: ReadLeaf): string =>
  `{"commit":${jcs(commit)},"epoch":${jcs(epoch)},"ids":${jcs(ids)},"keyId":${jcs(keyId)},"n":${jcs(n)},` +
  `"op":${jcs(op)},"subject":${jcs(subject)},"time":${jcs(time)},"writer":${jcs(writer)}}\n`;
