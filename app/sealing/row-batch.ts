import type { SlotKey } from '../keys/slot.js';
import { indexTerms } from '../search/terms.js';
import { contentHash } from './macs.js';
import { newRowEnvelope, type RowContent, rowCommit, rowPlaintext, type SealedRow, sealRow } from './row.js';
import { padTokens, termTokens } from './tokens.js';
import { sealVector } from './vector.js';

/** A new row, before anything of it is sealed. */
export interface OpenRow {
  readonly id: string;
  readonly version: number;
  readonly content: RowContent;
  readonly namespace: readonly string[];
  readonly vector: Float32Array | null;
}

/** What a row is stored as. `tokens` is null while the index is off. */
export interface SealedParts {
  readonly envelope: Buffer;
  readonly commit: Buffer;
  readonly contentHash: Buffer;
  readonly tokens: readonly number[] | null;
  readonly vector: Buffer | null;
}

export interface SealSettings {
  /** False: the envelope is its plaintext, and so is the vector. */
  readonly encrypts: boolean;
  readonly indexes: boolean;
}

/** All that a row needs its key for: the same here and in a thread. */
export const sealOpenRow = (key: SlotKey, row: OpenRow, { encrypts, indexes }: SealSettings): SealedParts => {
  const { id: rowId, version: rowVersion, content, vector } = row;
  const stored = encrypts ? sealRow(key, { table: 'memories', rowId, rowVersion }, content) : plainRow(content);
  return {
    envelope: stored.sealed,
    commit: stored.commit,
    contentHash: contentHash(key, 'dedupe', content.content),
    tokens: indexes ? [...padTokens(termTokens(key, indexTerms(content, row.namespace)))] : null,
    vector: vector && storeVector(key, row, vector, encrypts),
  };
};

/** While field encryption is off. The log commits to the row all the same. */
export const plainRow = (content: RowContent): SealedRow => {
  const envelope = newRowEnvelope(content);
  return { sealed: rowPlaintext(envelope), commit: rowCommit(envelope) };
};

const storeVector = (key: SlotKey, { id, version }: OpenRow, vector: Float32Array, encrypts: boolean): Buffer =>
  encrypts
    ? sealVector(key, { table: 'vectors', rowId: id, rowVersion: version }, vector)
    : Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);

/** Many rows in the form that crosses to a thread: keys are cloned without being shown, numbers move without being copied. */
export interface RowBatch extends SealSettings {
  readonly keys: readonly SlotKey[];
  readonly keyOf: Uint32Array<ArrayBuffer>;
  readonly rows: readonly Omit<OpenRow, 'vector'>[];
  /** Of the rows that have one, one after the other. */
  readonly vectors: Float32Array<ArrayBuffer>;
  /** How many numbers of it are each row's; 0 for none. */
  readonly dimensions: Uint32Array<ArrayBuffer>;
}

/** Of each row envelope, commitment, hash and vector one after the other; their lengths and its tokens beside them. */
export interface SealedBatchRows {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Envelope, vector and number of tokens of each row; -1 tokens while the index is off. */
  readonly lengths: Int32Array<ArrayBuffer>;
  readonly tokens: Int32Array<ArrayBuffer>;
}

const DIGEST = 32;
const LENGTHS = 3;

export const packRows = (
  rows: readonly OpenRow[],
  keyFor: (index: number) => SlotKey,
  settings: SealSettings,
): RowBatch => {
  const keys: SlotKey[] = [];
  const known = new Map<SlotKey, number>();
  const keyOf = Uint32Array.from(rows, (_, index) => {
    const key = keyFor(index);
    const at = known.get(key) ?? keys.push(key) - 1;
    known.set(key, at);
    return at;
  });
  // A vector that is stored as it is needs nobody's key.
  const dimensions = Uint32Array.from(rows, ({ vector }) => (settings.encrypts ? (vector?.length ?? 0) : 0));
  const vectors = new Float32Array(dimensions.reduce((sum, size) => sum + size, 0));
  let at = 0;
  rows.forEach(({ vector }, index) => {
    if (vector && dimensions[index]) vectors.set(vector, at);
    at += dimensions[index] ?? 0;
  });
  const open = rows.map(({ id, version, content, namespace }) => ({ id, version, content, namespace }));
  return { ...settings, keys, keyOf, rows: open, vectors, dimensions };
};

export const sealRowBatch = (batch: RowBatch): SealedBatchRows => {
  let from = 0;
  const parts = batch.rows.map((row, index) => {
    const size = batch.dimensions[index] ?? 0;
    const vector = size === 0 ? null : batch.vectors.subarray(from, from + size);
    from += size;
    const key = batch.keys[batch.keyOf[index] ?? -1];
    if (!key) throw new RangeError(`row ${index} names a key that is not in its batch`);
    return sealOpenRow(key, { ...row, vector }, batch);
  });
  const lengths = Int32Array.from(
    parts.flatMap(({ envelope, vector, tokens }) => [envelope.length, vector?.length ?? 0, tokens?.length ?? -1]),
  );
  const tokens = Int32Array.from(parts.flatMap((part) => part.tokens ?? []));
  return { bytes: join(parts), lengths, tokens };
};

const join = (parts: readonly SealedParts[]): Uint8Array<ArrayBuffer> => {
  const pieces = parts.flatMap(({ envelope, commit, contentHash: hash, vector }) => [
    envelope,
    commit,
    hash,
    ...(vector ? [vector] : []),
  ]);
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
};

export const unpackRows = (rows: readonly OpenRow[], sealed: SealedBatchRows, encrypts: boolean): SealedParts[] => {
  let at = 0;
  let token = 0;
  const take = (length: number): Buffer => {
    const piece = Buffer.from(sealed.bytes.buffer, sealed.bytes.byteOffset + at, length);
    at += length;
    return piece;
  };
  return rows.map(({ vector }, index) => {
    const [envelope = 0, size = 0, tokens = 0] = sealed.lengths.subarray(index * LENGTHS, (index + 1) * LENGTHS);
    const parts = { envelope: take(envelope), commit: take(DIGEST), contentHash: take(DIGEST) };
    const own = tokens < 0 ? null : [...sealed.tokens.subarray(token, token + tokens)];
    token += Math.max(0, tokens);
    const plain = vector && !encrypts ? Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength) : null;
    return { ...parts, tokens: own, vector: size > 0 ? take(size) : plain };
  });
};
