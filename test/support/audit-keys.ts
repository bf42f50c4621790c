/** Keys of logs, witnesses and anchors that a test holds itself. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { cosigned, keyIdOf, type NoteSignature } from '../../app/audit/note.js';
import type { LogSigner } from '../../app/tenancy/vault.js';

const verifierKey = (
  name: string,
  type: number,
  publicKey: Buffer,
): { readonly vkey: string; readonly keyId: Buffer } => {
  const typed = Buffer.concat([Buffer.from([type]), publicKey]);
  const keyId = keyIdOf(name, typed);
  return { keyId, vkey: `${name}+${keyId.toString('hex')}+${typed.toString('base64')}` };
};

const ed25519 = () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { privateKey, raw: publicKey.export({ format: 'der', type: 'spki' }).subarray(-32) };
};

export const newLogKey = (origin: string): LogSigner => {
  const { privateKey, raw } = ed25519();
  return { origin, vkey: verifierKey(origin, 1, raw).vkey, sign: (message) => sign(null, message, privateKey) };
};

export interface Witness {
  readonly vkey: string;
  cosign(text: string): NoteSignature;
}

export const newWitness = (name: string): Witness => {
  const { privateKey, raw } = ed25519();
  const { vkey, keyId } = verifierKey(name, 4, raw);
  return {
    vkey,
    cosign: (text) => {
      const time = BigInt(Math.floor(Date.now() / 1000));
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64BE(time);
      const signature = sign(null, Buffer.concat([cosigned(time), Buffer.from(text)]), privateKey);
      return { name, keyId, signature: Buffer.concat([bytes, signature]) };
    },
  };
};
