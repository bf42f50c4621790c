import { createHmac, timingSafeEqual } from 'node:crypto';
import { type Problem, problem } from '../http/errors.js';
import { BucketError, isKeyError, KeyError, SLOTS, type TenantKeys } from '../keys/index.js';
import {
  apiKeyHash,
  contentHash,
  cursorKey,
  newRowEnvelope,
  open,
  openRow,
  openVector,
  type RowContent,
  rowMac,
  rowPlaintext,
  seal,
  sealRow,
  sealVector,
  verifyRowMac,
} from '../sealing/index.js';

/** What a sealed value is bound to: moved to another place it does not open. */
export interface Place {
  readonly slot: number;
  readonly table: string;
  readonly rowId: string;
  readonly version: number;
}

export interface StoredField {
  readonly sealed: boolean;
  readonly bytes: Buffer;
}

type MacRow = Readonly<Record<string, unknown>>;

/**
 * All that the features need of keys, in one place: lookup tokens, MACs and sealing. No feature touches a key, and none knows
 * whether field encryption is on.
 */
export interface Vault {
  /** Loads or makes the keys of these slots; the rest answers at once for them. Throws when keys cannot be had. */
  prepare(slots: Iterable<number>): Promise<void>;
  /** Keyed reference of an outside id: equal ids have equal tokens, nobody without the key can compute one. */
  lookupToken(kind: string, id: string): Buffer;
  apiKeyToken(text: string): Buffer;
  rowMac(table: string, row: MacRow): Buffer;
  verifyRowMac(table: string, row: MacRow, mac: Buffer): boolean;
  cursorMac(text: string): Buffer;
  contentHash(slot: number, content: string): Buffer;
  /** Of a whole request, to tell whether it is the same one again. */
  fingerprint(text: string): Buffer;
  sealRow(place: Place, content: RowContent): StoredField;
  openRow(place: Place, field: StoredField): RowContent;
  sealVector(place: Place, vector: Float32Array): StoredField;
  openVector(place: Place, field: StoredField): Float32Array;
  /** Names and ids of people: sealed whatever the setting, because lookups never need them in clear. */
  sealIdentity(place: Place, text: string): Buffer;
  openIdentity(place: Place, sealed: Buffer): string;
  /** A value of JSON that no query looks into: sealed whatever the setting. */
  sealJson(place: Place, value: unknown): Buffer;
  openJson(place: Place, sealed: Buffer): unknown;
}

export const createVault = (keys: TenantKeys, encrypts: boolean): Vault => {
  const at = ({ slot, table, rowId, version }: Place) => ({ slot, table, rowId, rowVersion: version });
  const authentication = () => keys.slotKey(SLOTS.authentication);
  return {
    prepare: async (slots) => {
      await keys.ensureSlots(new Set([SLOTS.authentication, ...slots]));
    },
    lookupToken: (kind, id) => contentHash(authentication(), 'dedupe', `lookup\0${kind}\0${id}`),
    apiKeyToken: (text) => apiKeyHash(authentication(), text),
    rowMac: (table, row) => rowMac(authentication(), table, row),
    verifyRowMac: (table, row, mac) => verifyRowMac(authentication(), table, row, mac),
    cursorMac: (text) => createHmac('sha256', cursorKey(authentication())).update(text).digest(),
    fingerprint: (text) => contentHash(authentication(), 'idempotency', text),
    contentHash: (slot, content) => contentHash(keys.slotKey(slot), 'dedupe', content),
    sealRow: (place, content) =>
      encrypts
        ? { sealed: true, bytes: sealRow(keys.slotKey(place.slot), at(place), content).sealed }
        : { sealed: false, bytes: rowPlaintext(newRowEnvelope(content)) },
    openRow: (place, field) =>
      field.sealed ? openRow(keys, at(place), field.bytes) : (JSON.parse(field.bytes.toString('utf8')) as RowContent),
    sealVector: (place, vector) =>
      encrypts
        ? { sealed: true, bytes: sealVector(keys.slotKey(place.slot), at(place), vector) }
        : { sealed: false, bytes: Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength) },
    openVector: (place, field) =>
      field.sealed ? openVector(keys, at(place), field.bytes) : new Float32Array(Uint8Array.from(field.bytes).buffer),
    sealIdentity: (place, text) => seal(keys.slotKey(place.slot), 'identity', at(place), Buffer.from(text, 'utf8')),
    openIdentity: (place, sealed) => open(keys, 'identity', at(place), sealed).toString('utf8'),
    sealJson: (place, value) =>
      seal(keys.slotKey(place.slot), 'row', at(place), Buffer.from(JSON.stringify(value), 'utf8')),
    openJson: (place, sealed) => JSON.parse(open(keys, 'row', at(place), sealed).toString('utf8')) as unknown,
  };
};

/** A failure of keys as a problem, or `undefined` when the cause is something else. */
export const classifyKeyError = (cause: unknown): Problem | undefined =>
  cause instanceof KeyError || cause instanceof BucketError
    ? problem('keys_unavailable', 'The keys of this tenant cannot be had now.', { cause })
    : undefined;

/** The person's key was destroyed: the row is erased, whatever still lies in the table. */
export const isErased = (cause: unknown): boolean => isKeyError(cause, 'SlotDestroyed');

export const sameBytes = (a: Buffer, b: Buffer): boolean => a.length === b.length && timingSafeEqual(a, b);
