import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import { LABELS, type PurposeLabel, purposeKey } from '../keys/derive.js';
import { hmacOfText } from '../keys/hmac.js';
import { SLOTS, type SlotKey } from '../keys/slot.js';
import { digestOf } from './digest.js';
import { SealError } from './errors.js';
import { jcs } from './jcs.js';
import { hashJcs } from './jcs-hash.js';

const hmac = (key: SlotKey, label: PurposeLabel) => createHmac('sha256', purposeKey(key.key, label));

/**
 * The name by which the audit log knows a subject. Under the subject's own slot key: once that is destroyed nobody can
 * tell whose it was. It changes with the key's generation, so store it with the user and compute it once.
 */
export const pseudonym = (key: SlotKey): string => {
  const known = pseudonyms.get(key.key);
  if (known !== undefined) return known;
  const own = hmac(key, LABELS.pseudonym).update(key.tenantId, 'utf8').digest().subarray(0, 16).toString('base64url');
  pseudonyms.set(key.key, own);
  return own;
};

/** Gone with the key. Every write of a person names them. */
const pseudonyms = new WeakMap<KeyObject, string>();

/** What is stored of an API key. Under slot 1: whoever reads the table cannot test guesses, nor mint a row. */
export function apiKeyHash(key: SlotKey, apiKey: string): Buffer {
  demandSlot(key, SLOTS.authentication, 'apiKeyHash');
  return hmac(key, LABELS.apiKey).update(apiKey, 'utf8').digest();
}

export type ContentUse = 'dedupe' | 'cache' | 'idempotency';

/** A fingerprint of content for one use. Content is never hashed without a key: a plain hash confirms a guess. */
export const contentHash = (key: SlotKey, use: ContentUse, content: string | Uint8Array): Buffer =>
  typeof content === 'string'
    ? hmacOfText(purposeKey(key.key, LABELS.content), `${use}\0${content}`)
    : digestOf(hmac(key, LABELS.content).update(`${use}\0`).update(content));

/** The same of the JCS of a value. */
export const contentHashOfJson = (key: SlotKey, use: ContentUse, value: unknown): Buffer =>
  digestOf(hashJcs(hmac(key, LABELS.content).update(`${use}\0`), value));

/** The key that authenticates page cursors. */
export function cursorKey(key: SlotKey): KeyObject {
  demandSlot(key, SLOTS.authentication, 'cursorKey');
  return purposeKey(key.key, LABELS.cursor);
}

export interface MacRow {
  readonly [column: string]: unknown;
}

/**
 * The MAC of a row that decides what somebody may do, over `table ‖ LF ‖ JCS(row without mac)`. Values must be JSON:
 * pass times as text and big integers as strings, as they will be read back.
 */
export function rowMac(key: SlotKey, table: string, row: MacRow): Buffer {
  demandSlot(key, SLOTS.authentication, 'rowMac');
  const { mac: _, ...columns } = row;
  return rowMacOfJcs(key, table, jcs(columns));
}

/** The same of a row that is in its canonical form already, for tables of which many rows are read. */
export function rowMacOfJcs(key: SlotKey, table: string, columns: string): Buffer {
  demandSlot(key, SLOTS.authentication, 'rowMac');
  return hmacOfText(purposeKey(key.key, LABELS.rowMac), `${table}\n${columns}`);
}

/** In constant time. False means the row was not written by this service: refuse it and record `security.tamper`. */
export function verifyRowMac(key: SlotKey, table: string, row: MacRow, mac: Uint8Array): boolean {
  return sameMac(rowMac(key, table, row), mac);
}

export function verifyRowMacOfJcs(key: SlotKey, table: string, columns: string, mac: Uint8Array): boolean {
  return sameMac(rowMacOfJcs(key, table, columns), mac);
}

const sameMac = (expected: Buffer, mac: Uint8Array): boolean =>
  mac.length === expected.length && timingSafeEqual(expected, mac);

function demandSlot(key: SlotKey, slot: number, what: string): void {
  if (key.slot === slot) return;
  throw new SealError('PlaceInvalid', `${what} was given slot ${key.slot}`, `pass the key of slot ${slot}`);
}
