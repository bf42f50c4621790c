import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';

/** C2SP signed notes: a text, an empty line, and a line of signature a key. */
export interface NoteSignature {
  readonly name: string;
  readonly keyId: Buffer;
  readonly signature: Buffer;
}
export interface Note {
  /** With its final newline: what was signed. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}
export interface Verifier {
  /** As it was given: the text that names it. */
  readonly vkey: string;
  readonly name: string;
  readonly keyId: Buffer;
  readonly type: number;
  verify(message: Uint8Array, signature: Uint8Array): boolean;
}

const ED25519 = 1;
/** ECDSA over SHA-256 in DER, its key as SubjectPublicKeyInfo: what a KMS signs with. */
export const ECDSA = 2;
/** A witness's cosignature: the signature covers the time it was made at. */
const COSIGNATURE = 4;
const KEY_ID_BYTES = 4;
const SIGNATURE_LINE = /^— (\S+) ([A-Za-z0-9+/]+={0,2})$/;
/** RFC 8410: what stands before the 32 bytes of an Ed25519 public key. */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

export const buildNote = (text: string, signatures: readonly NoteSignature[]): Buffer =>
  Buffer.from(
    `${text}\n${signatures.map(({ name, keyId, signature }) => `— ${name} ${Buffer.concat([keyId, signature]).toString('base64')}\n`).join('')}`,
  );

/** The same text with more lines; a line that is there already stays alone. */
export const addSignatures = (note: Buffer, more: readonly NoteSignature[]): Buffer => {
  const parsed = parseNote(note);
  if (!parsed) throw new Error('A signature was to be added to what is no note');
  const { text, signatures } = parsed;
  const fresh = more.filter(
    ({ name, keyId }) => !signatures.some((known) => known.name === name && known.keyId.equals(keyId)),
  );
  return buildNote(text, [...signatures, ...fresh]);
};

/** `undefined` when the bytes are no note. */
export const parseNote = (bytes: Uint8Array): Note | undefined => {
  const whole = Buffer.from(bytes).toString('utf8');
  const split = whole.lastIndexOf('\n\n');
  if (split < 0 || !whole.endsWith('\n')) return undefined;
  const lines = whole.slice(split + 2, -1).split('\n');
  const signatures = lines.map((line) => {
    const match = SIGNATURE_LINE.exec(line);
    const blob = Buffer.from(match?.[2] ?? '', 'base64');
    // One text for one signature: bits that base64 has to spare are no place to hide a change.
    if (!match?.[1] || blob.length <= KEY_ID_BYTES || blob.toString('base64') !== match[2]) return undefined;
    return { name: match[1], keyId: blob.subarray(0, KEY_ID_BYTES), signature: blob.subarray(KEY_ID_BYTES) };
  });
  if (signatures.some((one) => one === undefined)) return undefined;
  return { text: whole.slice(0, split + 1), signatures: signatures.flatMap((one) => one ?? []) };
};

/** A verifier key, `<name>+<key id>+<base64(type ‖ public key)>`; `undefined` when it is none, or its id is not its own. */
export const parseVerifierKey = (vkey: string): Verifier | undefined => {
  const [, name, id, encoded] = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(vkey) ?? [];
  if (name === undefined || id === undefined || encoded === undefined) return undefined;
  const typed = Buffer.from(encoded, 'base64');
  const type = typed[0] ?? 0;
  const keyId = keyIdOf(name, typed);
  const key = keyId.toString('hex') === id ? readPublicKey(type, typed.subarray(1)) : undefined;
  return (
    key && { vkey, name, keyId, type, verify: (message, signature) => verifySignature(type, key, message, signature) }
  );
};

export const keyIdOf = (name: string, typed: Uint8Array): Buffer =>
  createHash('sha256').update(`${name}\n`).update(typed).digest().subarray(0, KEY_ID_BYTES);

const readPublicKey = (type: number, bytes: Buffer): KeyObject | undefined => {
  const raw = type === ED25519 || type === COSIGNATURE;
  if (raw ? bytes.length !== 32 : type !== ECDSA) return undefined;
  try {
    const key = raw ? Buffer.concat([SPKI, bytes]) : bytes;
    return createPublicKey({ key, format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
};

const verifySignature = (type: number, key: KeyObject, message: Uint8Array, signature: Uint8Array): boolean => {
  if (type === ECDSA) return verify('sha256', message, key, signature);
  if (type === ED25519) return signature.length === 64 && verify(null, message, key, signature);
  if (signature.length !== 72) return false;
  const time = Buffer.from(signature).readBigUInt64BE(0);
  return verify(null, Buffer.concat([cosigned(time), message]), key, signature.subarray(8));
};

/** What a witness puts before the text that it signs: its clock's seconds. */
export const cosigned = (time: bigint): Buffer => Buffer.from(`cosignature/v1\ntime ${time}\n`);

/** The verifiers that the note carries a line of, good or bad. */
export const signersNamed = ({ signatures }: Note, verifiers: readonly Verifier[]): readonly Verifier[] =>
  verifiers.filter((verifier) =>
    signatures.some(({ name, keyId }) => name === verifier.name && keyId.equals(verifier.keyId)),
  );

/** The verifiers whose signature the note carries and that hold. */
export const signersOf = (note: Note, verifiers: readonly Verifier[]): readonly Verifier[] => {
  const message = Buffer.from(note.text);
  return verifiers.filter((verifier) =>
    note.signatures.some(
      ({ name, keyId, signature }) =>
        name === verifier.name && keyId.equals(verifier.keyId) && verifier.verify(message, signature),
    ),
  );
};
