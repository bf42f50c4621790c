import type { SlotKey, SlotKeys } from '../keys/slot.js';
import { sha256Of } from './digest.js';
import { SealError } from './errors.js';
import { type Json, jcs } from './jcs.js';
import type { Place } from './place.js';
import { randomInto } from './random.js';
import { open, seal } from './sealed-value.js';

/** What is sealed of a row, all in one envelope: its sizes and repetitions say nothing about single fields. */
export interface RowContent {
  readonly content: string;
  readonly subject: string | null;
  readonly predicate: string | null;
  readonly object: string | null;
  readonly metadata: { readonly [member: string]: Json };
  readonly source: Json;
}

export interface RowEnvelope extends RowContent {
  /** 32 random bytes in base64, which make the commitment in the audit log say nothing to who lacks them. */
  readonly salt: string;
}

export interface SealedRow {
  readonly sealed: Buffer;
  /** What the audit log holds of this version: see `rowCommit`. */
  readonly commit: Buffer;
}

export const ROW_SALT_BYTES = 32;
const COMMIT_LABEL = Buffer.from('memplane/commit/1\n');

export const newRowEnvelope = (content: RowContent): RowEnvelope => ({ ...content, salt: newSalt() });

const freshSalt = Buffer.alloc(ROW_SALT_BYTES);
function newSalt(): string {
  randomInto(freshSalt);
  return freshSalt.toString('base64');
}

/** Seals a row's content under a fresh envelope salt, with the commitment for the audit log. */
export function sealRow(key: SlotKey, place: Place, content: RowContent): SealedRow {
  const { sealed, commit: own } = storeInClear(content);
  return { sealed: seal(key, 'row', place, sealed), commit: own };
}

/** The same of what is not sealed: the envelope is its plaintext, and the log commits to it all the same. */
export function storeInClear(content: RowContent): SealedRow {
  const salt = newSalt();
  const { whole, withoutSalt } = envelopeTexts(content, salt);
  return { sealed: Buffer.from(whole, 'utf8'), commit: commit(salt, withoutSalt) };
}

export function openRow(keys: SlotKeys, place: Place, sealed: Uint8Array): RowEnvelope {
  const plaintext = open(keys, 'row', place, sealed);
  const envelope: unknown = JSON.parse(plaintext.toString('utf8'));
  plaintext.fill(0);
  if (!isEnvelope(envelope)) {
    throw new SealError(
      'EnvelopeInvalid',
      `the envelope of ${place.table} ${place.rowId} lacks a member`,
      'report a bug',
    );
  }
  return envelope;
}

/** JCS of the envelope: what is sealed. */
export const rowPlaintext = (envelope: RowEnvelope): Buffer =>
  Buffer.from(envelopeTexts(envelope, envelope.salt).whole, 'utf8');

/** SHA-256("memplane/commit/1\n" ‖ salt ‖ JCS(envelope without salt)): proves later what was written, hides it till then. */
export const rowCommit = (envelope: RowEnvelope): Buffer =>
  commit(envelope.salt, envelopeTexts(envelope, envelope.salt).withoutSalt);

const commit = (salt: string, text: string): Buffer => {
  // A forged envelope's salt has any length.
  const room = COMMIT_LABEL.length + Buffer.byteLength(salt, 'base64') + Buffer.byteLength(text, 'utf8');
  const bytes = Buffer.allocUnsafe(room);
  bytes.set(COMMIT_LABEL);
  const salted = COMMIT_LABEL.length + bytes.write(salt, COMMIT_LABEL.length, 'base64');
  const end = salted + bytes.write(text, salted, 'utf8');
  return sha256Of(bytes.subarray(0, end));
};

/** Both texts from one walk over the content: members in JCS order, `salt` between `predicate` and `source`. */
function envelopeTexts(
  { content, metadata, object, predicate, source, subject }: RowContent,
  salt: string,
): { readonly whole: string; readonly withoutSalt: string } {
  const before =
    `{"content":${jcs(content)},"metadata":${jcs(metadata)},` +
    `"object":${jcs(object)},"predicate":${jcs(predicate)},`;
  const after = `"source":${jcs(source)},"subject":${jcs(subject)}}`;
  return { whole: `${before}"salt":${jcs(salt)},${after}`, withoutSalt: before + after };
}

const MEMBERS = ['content', 'metadata', 'object', 'predicate', 'salt', 'source', 'subject'] as const;

const isEnvelope = (value: unknown): value is RowEnvelope =>
  typeof value === 'object' && value !== null && MEMBERS.every((member) => member in value);
