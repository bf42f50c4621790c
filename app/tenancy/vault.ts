import { createHmac, sign, timingSafeEqual } from 'node:crypto';
import { type Problem, problem } from '../http/errors.js';
import { BucketError, type DestroyedSlot, isKeyError, KeyError, SLOTS, type TenantKeys } from '../keys/index.js';
import {
  apiKeyHash,
  contentHash,
  contentHashOfJson,
  cursorKey,
  jcsBytes,
  open,
  openRow,
  openVector,
  pseudonym,
  type RowContent,
  type RowEnvelope,
  rowCommit,
  rowMac,
  rowMacOfJcs,
  seal,
  sealRow,
  sealVector,
  storeInClear,
  termTokens,
  verifyRowMac,
  verifyRowMacOfJcs,
} from '../sealing/index.js';
import type { OpenRow, SealedParts } from '../sealing/row-batch.js';
import { createRowSealer, type RowSealer } from '../sealing/row-sealer.js';

/** What a sealed value is bound to: moved to another place it does not open. */
export interface Place {
  readonly slot: number;
  readonly table: string;
  readonly rowId: string;
  readonly version: number;
}

/** A row that is to be stored for the first time, of the slot that it belongs to. */
export type NewRow = OpenRow & { readonly slot: number };

export interface StoredField {
  readonly sealed: boolean;
  readonly bytes: Buffer;
}

/** A row's content as stored, and what the audit log holds of it. */
export interface StoredRow extends StoredField {
  readonly commit: Buffer;
}

/** The key that signs the audit log's checkpoints, without the key. */
export interface LogSigner {
  readonly origin: string;
  readonly vkey: string;
  sign(message: Uint8Array): Buffer;
}

type MacRow = Readonly<Record<string, unknown>>;

/**
 * All that the features need of keys, in one place: lookup tokens, MACs and sealing. No feature touches a key, and none knows
 * whether field encryption is on.
 */
export interface Vault {
  /** Loads or makes the keys of these slots; the rest answers at once for them. Throws when keys cannot be had. */
  prepare(slots: Iterable<number>): Promise<void>;
  /** Whether there is nothing to prepare: no need to wait. */
  isPrepared(slots: readonly number[]): boolean;
  /** Keyed reference of an outside id: equal ids have equal tokens, nobody without the key can compute one. */
  lookupToken(kind: string, id: string): Buffer;
  apiKeyToken(text: string): Buffer;
  rowMac(table: string, row: MacRow): Buffer;
  verifyRowMac(table: string, row: MacRow, mac: Buffer): boolean;
  /** The same of columns that are in their canonical form (JCS) already. */
  rowMacOfJcs(table: string, columns: string): Buffer;
  verifyRowMacOfJcs(table: string, columns: string, mac: Buffer): boolean;
  cursorMac(text: string): Buffer;
  contentHash(slot: number, content: string): Buffer;
  /** To look for: the tokens of these terms in rows of this slot. To store, pad them with `padTokens`. */
  searchTokens(slot: number, terms: Iterable<string>): Int32Array;
  /** Of a whole request, to tell whether it is the same one again. */
  fingerprint(text: string): Buffer;
  /** The same of the JCS of a value, which may be large. */
  fingerprintOfJson(value: unknown): Buffer;
  /** New rows with all that their keys are needed for, in threads where there are many. `sealed`: or stored in clear. */
  sealRows(
    rows: readonly NewRow[],
    indexes: boolean,
  ): Promise<{ readonly sealed: boolean; readonly parts: readonly SealedParts[] }>;
  sealRow(place: Place, content: RowContent): StoredRow;
  openRow(place: Place, field: StoredField): RowContent;
  /** What `sealRow` told of the row when it was written, from the row itself. */
  rowCommit(place: Place, field: StoredField): Buffer;
  sealVector(place: Place, vector: Float32Array): StoredField;
  openVector(place: Place, field: StoredField): Float32Array;
  /** Names and ids of people: sealed whatever the setting, because lookups never need them in clear. */
  sealIdentity(place: Place, text: string): Buffer;
  openIdentity(place: Place, sealed: Buffer): string;
  /** A value of JSON that no query looks into: sealed whatever the setting. */
  sealJson(place: Place, value: unknown): Buffer;
  openJson(place: Place, sealed: Buffer): unknown;
  /** Keyed hash of what is cached, so that a store of others learns no name and no text. */
  cacheToken(name: string): Buffer;
  /** What lies in a cache outside this process. */
  sealCache(place: Place, value: Uint8Array): Buffer;
  openCache(place: Place, sealed: Buffer): Buffer;
  /** The key that an object in a bucket is encrypted with. */
  sealObjectKey(place: Place, key: Buffer): Buffer;
  openObjectKey(place: Place, sealed: Buffer): Buffer;
  /** What is personal of an audit event. */
  sealDetail(place: Place, detail: unknown): Buffer;
  openDetail(place: Place, sealed: Buffer): unknown;
  /** The name by which the audit log knows a person; nobody can tell whose it was once the slot's key is destroyed. */
  pseudonym(slot: number): string;
  logSigner(): LogSigner;
  /** The keyring's, as this process knows it. */
  epoch(): number;
  /** Destroys a person's key: nothing that it sealed can be read again, wherever a copy lies. Idempotent. */
  destroySlot(slot: number): Promise<DestroyedSlot>;
  /** Reads the keyring again: what was destroyed elsewhere leaves this process. */
  refresh(): Promise<void>;
}

/** @default sealer all in this thread */
export const createVault = (keys: TenantKeys, encrypts: boolean, sealer: RowSealer = createRowSealer(0)): Vault => {
  const authentication = () => keys.slotKey(SLOTS.authentication);
  return {
    ...preparedVault(keys),
    lookupToken: (kind, id) => contentHash(authentication(), 'dedupe', `lookup\0${kind}\0${id}`),
    apiKeyToken: (text) => apiKeyHash(authentication(), text),
    rowMac: (table, row) => rowMac(authentication(), table, row),
    verifyRowMac: (table, row, mac) => verifyRowMac(authentication(), table, row, mac),
    rowMacOfJcs: (table, columns) => rowMacOfJcs(authentication(), table, columns),
    verifyRowMacOfJcs: (table, columns, mac) => verifyRowMacOfJcs(authentication(), table, columns, mac),
    cursorMac: (text) => createHmac('sha256', cursorKey(authentication())).update(text).digest(),
    fingerprint: (text) => contentHash(authentication(), 'idempotency', text),
    fingerprintOfJson: (value) => contentHashOfJson(authentication(), 'idempotency', value),
    contentHash: (slot, content) => contentHash(keys.slotKey(slot), 'dedupe', content),
    searchTokens: (slot, terms) => termTokens(keys.slotKey(slot), terms),
    ...rowVault(keys, encrypts, sealer),
    ...jsonVault(keys),
    cacheToken: (name) => contentHash(authentication(), 'cache', name),
    ...outsideVault(keys),
    ...auditVault(keys),
    destroySlot: (slot) => keys.destroySlot(slot),
    refresh: () => keys.refresh(),
  };
};

const preparedVault = (keys: TenantKeys): Pick<Vault, 'prepare' | 'isPrepared'> => ({
  prepare: async (slots) => {
    await keys.ensureSlots(new Set([SLOTS.authentication, ...slots]));
  },
  isPrepared: (slots) => keys.holds(SLOTS.authentication) && slots.every((slot) => keys.holds(slot)),
});

const rowVault = (
  keys: TenantKeys,
  encrypts: boolean,
  sealer: RowSealer,
): Pick<Vault, 'sealRows' | 'sealRow' | 'rowCommit' | 'openRow' | 'sealVector' | 'openVector'> => ({
  sealRows: async (rows, indexes) => {
    const keyFor = (index: number) => keys.slotKey(rows[index]?.slot ?? SLOTS.tenant);
    return { sealed: encrypts, parts: await sealer.seal(rows, keyFor, { encrypts, indexes }) };
  },
  sealRow: (place, content) => {
    if (!encrypts) return storePlain(content);
    const { sealed, commit } = sealRow(keys.slotKey(place.slot), placeOf(place), content);
    return { sealed: true, bytes: sealed, commit };
  },
  rowCommit: (place, field) =>
    rowCommit(field.sealed ? openRow(keys, placeOf(place), field.bytes) : parseEnvelope(field.bytes)),
  openRow: (place, field) =>
    field.sealed
      ? openRow(keys, placeOf(place), field.bytes)
      : (JSON.parse(field.bytes.toString('utf8')) as RowContent),
  sealVector: (place, vector) =>
    encrypts
      ? { sealed: true, bytes: sealVector(keys.slotKey(place.slot), placeOf(place), vector) }
      : { sealed: false, bytes: Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength) },
  openVector: (place, field) =>
    field.sealed
      ? openVector(keys, placeOf(place), field.bytes)
      : new Float32Array(Uint8Array.from(field.bytes).buffer),
});

const jsonVault = (keys: TenantKeys): Pick<Vault, 'sealIdentity' | 'openIdentity' | 'sealJson' | 'openJson'> => ({
  sealIdentity: (place, text) => seal(keys.slotKey(place.slot), 'identity', placeOf(place), Buffer.from(text, 'utf8')),
  openIdentity: (place, sealed) => open(keys, 'identity', placeOf(place), sealed).toString('utf8'),
  sealJson: (place, value) =>
    seal(keys.slotKey(place.slot), 'row', placeOf(place), Buffer.from(JSON.stringify(value), 'utf8')),
  openJson: (place, sealed) => JSON.parse(open(keys, 'row', placeOf(place), sealed).toString('utf8')) as unknown,
});

/** What lies outside the database. */
const outsideVault = (
  keys: TenantKeys,
): Pick<Vault, 'sealCache' | 'openCache' | 'sealObjectKey' | 'openObjectKey'> => ({
  sealCache: (place, value) => seal(keys.slotKey(place.slot), 'cache', placeOf(place), value),
  openCache: (place, sealed) => open(keys, 'cache', placeOf(place), sealed),
  sealObjectKey: (place, key) => seal(keys.slotKey(place.slot), 'artifactKey', placeOf(place), key),
  openObjectKey: (place, sealed) => open(keys, 'artifactKey', placeOf(place), sealed),
});

/** What the audit log alone needs. */
const auditVault = (
  keys: TenantKeys,
): Pick<Vault, 'sealDetail' | 'openDetail' | 'pseudonym' | 'logSigner' | 'epoch'> => ({
  sealDetail: (place, detail) => seal(keys.slotKey(place.slot), 'auditDetail', placeOf(place), jcsBytes(detail)),
  openDetail: (place, sealed) =>
    JSON.parse(open(keys, 'auditDetail', placeOf(place), sealed).toString('utf8')) as unknown,
  pseudonym: (slot) => pseudonym(keys.slotKey(slot)),
  logSigner: () => {
    const { origin, vkey, privateKey } = keys.logKey();
    return { origin, vkey, sign: (message) => sign(null, message, privateKey) };
  },
  epoch: () => keys.epoch,
});

const placeOf = ({ slot, table, rowId, version }: Place) => ({ slot, table, rowId, rowVersion: version });

const storePlain = (content: RowContent): StoredRow => {
  const { sealed: bytes, commit } = storeInClear(content);
  return { sealed: false, bytes, commit };
};

const parseEnvelope = (bytes: Buffer): RowEnvelope => JSON.parse(bytes.toString('utf8')) as RowEnvelope;

/** A failure of keys as a problem, or `undefined` when the cause is something else. */
export const classifyKeyError = (cause: unknown): Problem | undefined =>
  cause instanceof KeyError || cause instanceof BucketError
    ? problem('keys_unavailable', 'The keys of this tenant cannot be had now.', { cause })
    : undefined;

/** The person's key was destroyed: the row is erased, whatever still lies in the table. */
export const isErased = (cause: unknown): boolean => isKeyError(cause, 'SlotDestroyed');

export const sameBytes = (a: Buffer, b: Buffer): boolean => a.length === b.length && timingSafeEqual(a, b);
