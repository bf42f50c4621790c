import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { open, seal } from '../sealing/sealed-value.js';
import type { KeyringLog } from './keyring.js';
import { SLOTS, type SlotKey, type SlotKeys } from './slot.js';

/** The audit log's signing key; `vkey` is a C2SP signed-note verifier key. */
export interface TenantLogKey {
  readonly origin: string;
  readonly vkey: string;
  readonly privateKey: KeyObject;
}

export const logOrigin = (tenantId: string): string => `memplane.dev/${tenantId}/audit/1`;

/** Where the seed is sealed: in the keyring of this tenant, nowhere else. */
const place = (tenantId: string) => ({
  table: 'keyring',
  rowId: tenantId,
  rowVersion: 1,
  slot: SLOTS.authentication,
});

/** A new Ed25519 key, its seed sealed under slot 1, so that a new tenant key re-seals blocks only. */
export function newKeyringLog(key: SlotKey): KeyringLog {
  const { privateKey } = generateKeyPairSync('ed25519');
  const der = privateKey.export({ format: 'der', type: 'pkcs8' });
  const seed = der.subarray(PKCS8.length);
  const origin = logOrigin(key.tenantId);
  const sealed = seal(key, 'secret', place(key.tenantId), seed).toString('base64');
  der.fill(0);
  return { origin, vkey: verifierKey(origin, privateKey), sealed };
}

/** `undefined` when the seed is not the one of `vkey`. */
export function openKeyringLog(keys: SlotKeys, tenantId: string, log: KeyringLog): TenantLogKey | undefined {
  const seed = open(keys, 'secret', place(tenantId), Buffer.from(log.sealed, 'base64'));
  const der = Buffer.concat([PKCS8, seed]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  seed.fill(0);
  der.fill(0);
  if (verifierKey(log.origin, privateKey) !== log.vkey) return undefined;
  return { origin: log.origin, vkey: log.vkey, privateKey };
}

/** RFC 8410: everything of a PKCS #8 Ed25519 key that stands before its seed. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
/** The same of a public key (SubjectPublicKeyInfo). */
const SPKI_BYTES = 12;
const ED25519 = Buffer.from([1]);

/** `<name>+<key id, 8 hex digits>+<base64(01 ‖ public key)>`, key id = SHA-256(name ‖ LF ‖ 01 ‖ public key)[0:4]. */
function verifierKey(name: string, privateKey: KeyObject): string {
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  const typed = Buffer.concat([ED25519, spki.subarray(SPKI_BYTES)]);
  const id = createHash('sha256').update(`${name}\n`).update(typed).digest().subarray(0, 4);
  return `${name}+${id.toString('hex')}+${typed.toString('base64')}`;
}
