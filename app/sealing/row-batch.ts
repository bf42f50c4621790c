import type { SlotKey } from '../keys/slot.js';
import { indexTerms } from '../search/terms.js';
import type { Json } from './jcs.js';
import { contentHash } from './macs.js';
import { type RowContent, sealRow, storeInClear } from './row.js';
import { storedTokens } from './tokens.js';
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

/** All that rows need their keys for: the same here and in a thread. */
export const sealOpenRows = (
  rows: readonly OpenRow[],
  keyFor: (index: number) => SlotKey,
  settings: SealSettings,
): readonly SealedParts[] => {
  const tokens = settings.indexes ? tokensOf(rows, keyFor) : [];
  return rows.map((row, index) => sealOpenRow(keyFor(index), row, settings.encrypts, tokens[index] ?? null));
};

const sealOpenRow = (key: SlotKey, row: OpenRow, encrypts: boolean, tokens: readonly number[] | null): SealedParts => {
  const { id: rowId, version: rowVersion, content, vector } = row;
  const stored = encrypts ? sealRow(key, { table: 'memories', rowId, rowVersion }, content) : storeInClear(content);
  return {
    envelope: stored.sealed,
    commit: stored.commit,
    contentHash: contentHash(key, 'dedupe', content.content),
    tokens,
    vector: vector && storeVector(key, row, vector, encrypts),
  };
};

/** Slot by slot: the rows of a batch are mostly of one. */
const tokensOf = (
  rows: readonly OpenRow[],
  keyFor: (index: number) => SlotKey,
): readonly (readonly number[] | undefined)[] => {
  const places = new Map<SlotKey['key'], { readonly key: SlotKey; readonly at: number[] }>();
  rows.forEach((_, index) => {
    const key = keyFor(index);
    const known = places.get(key.key);
    if (known) known.at.push(index);
    else places.set(key.key, { key, at: [index] });
  });
  const tokens: (readonly number[] | undefined)[] = rows.map(() => undefined);
  for (const { key, at } of places.values()) {
    const terms = at.map((index) => termsAt(rows, index));
    storedTokens(key, terms).forEach((own, n) => {
      tokens[at[n] ?? 0] = own;
    });
  }
  return tokens;
};

const termsAt = (rows: readonly OpenRow[], index: number): ReadonlySet<string> => {
  const row = rows[index];
  return row ? indexTerms(row.content, row.namespace) : NO_TERMS;
};

const NO_TERMS: ReadonlySet<string> = new Set();

const storeVector = (key: SlotKey, { id, version }: OpenRow, vector: Float32Array, encrypts: boolean): Buffer =>
  encrypts
    ? sealVector(key, { table: 'vectors', rowId: id, rowVersion: version }, vector)
    : Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);

/**
 * Many rows in the form that crosses to a thread: keys are cloned without being shown, numbers move without being copied, and
 * texts cross in lists: as many objects cost three times as much.
 */
export interface RowBatch extends SealSettings {
  readonly keys: readonly SlotKey[];
  readonly keyOf: Uint32Array<ArrayBuffer>;
  readonly ids: readonly string[];
  readonly versions: Uint32Array<ArrayBuffer>;
  readonly texts: readonly string[];
  /** What a row says beside its text; null when it says nothing. */
  readonly besides: readonly (Beside | null)[];
  /** Of the rows that have one, one after the other. */
  readonly vectors: Float32Array<ArrayBuffer>;
  /** How many numbers of it are each row's; 0 for none. */
  readonly dimensions: Uint32Array<ArrayBuffer>;
}

interface Beside {
  readonly content: Omit<RowContent, 'content'>;
  readonly namespace: readonly string[];
}

const NOTHING_BESIDE: Beside = {
  content: { subject: null, predicate: null, object: null, metadata: {}, source: {} },
  namespace: [],
};

const besideOf = ({ content: { content: _, ...content }, namespace }: OpenRow): Beside => ({ content, namespace });

const saysMore = ({ content, namespace }: OpenRow): boolean =>
  namespace.length > 0 ||
  content.subject !== null ||
  content.predicate !== null ||
  content.object !== null ||
  !isEmpty(content.metadata) ||
  !isEmpty(content.source);

const isEmpty = (value: Json): boolean => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  for (const _ in value) return false;
  return true;
};

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
  return {
    ...settings,
    ...{ keys, keyOf, vectors, dimensions },
    ids: rows.map(({ id }) => id),
    versions: Uint32Array.from(rows, ({ version }) => version),
    texts: rows.map(({ content }) => content.content),
    besides: rows.map((row) => (saysMore(row) ? besideOf(row) : null)),
  };
};

export const sealRowBatch = (batch: RowBatch): SealedBatchRows => {
  let from = 0;
  const rows = batch.ids.map((id, index): OpenRow => {
    const size = batch.dimensions[index] ?? 0;
    const vector = size === 0 ? null : batch.vectors.subarray(from, from + size);
    from += size;
    const { content, namespace } = batch.besides[index] ?? NOTHING_BESIDE;
    const { subject, predicate, object, metadata, source } = content;
    const whole = { content: batch.texts[index] ?? '', subject, predicate, object, metadata, source };
    return { id, version: batch.versions[index] ?? 0, content: whole, namespace, vector };
  });
  const keyFor = (index: number): SlotKey => {
    const key = batch.keys[batch.keyOf[index] ?? -1];
    if (!key) throw new RangeError(`row ${index} names a key that is not in its batch`);
    return key;
  };
  return joinParts(sealOpenRows(rows, keyFor, batch));
};

const joinParts = (parts: readonly SealedParts[]): SealedBatchRows => {
  let size = 0;
  let count = 0;
  for (const { envelope, vector, tokens: own } of parts) {
    size += envelope.length + 2 * DIGEST + (vector?.length ?? 0);
    count += own?.length ?? 0;
  }
  const [bytes, lengths] = [new Uint8Array(size), new Int32Array(parts.length * LENGTHS)];
  const tokens = new Int32Array(count);
  let at = 0;
  let token = 0;
  const add = (piece: Uint8Array): void => {
    bytes.set(piece, at);
    at += piece.length;
  };
  parts.forEach(({ envelope, commit, contentHash: hash, vector, tokens: own }, index) => {
    add(envelope);
    add(commit);
    add(hash);
    if (vector) add(vector);
    if (own) tokens.set(own, token);
    token += own?.length ?? 0;
    lengths[index * LENGTHS] = envelope.length;
    lengths[index * LENGTHS + 1] = vector?.length ?? 0;
    lengths[index * LENGTHS + 2] = own?.length ?? -1;
  });
  return { bytes, lengths, tokens };
};

export const unpackRows = (rows: readonly OpenRow[], sealed: SealedBatchRows, encrypts: boolean): SealedParts[] => {
  let at = 0;
  let token = 0;
  const take = (length: number): Buffer => {
    const piece = Buffer.from(sealed.bytes.buffer, sealed.bytes.byteOffset + at, length);
    at += length;
    return piece;
  };
  const takeTokens = (count: number): readonly number[] => {
    const own: number[] = [];
    for (let n = 0; n < count; n++) own.push(sealed.tokens[token++] ?? 0);
    return own;
  };
  return rows.map(({ vector }, index) => {
    const size = sealed.lengths[index * LENGTHS + 1] ?? 0;
    const count = sealed.lengths[index * LENGTHS + 2] ?? -1;
    const plain = vector && !encrypts ? Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength) : null;
    return {
      envelope: take(sealed.lengths[index * LENGTHS] ?? 0),
      commit: take(DIGEST),
      contentHash: take(DIGEST),
      vector: size > 0 ? take(size) : plain,
      tokens: count < 0 ? null : takeTokens(count),
    };
  });
};
