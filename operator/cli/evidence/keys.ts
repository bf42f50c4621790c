import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { keyIdOf, type NoteSignature, parseVerifierKey, type Verifier } from '../../../app/audit/note.js';
import { unusableError } from '../errors.js';

export type EvidenceVerifier = Verifier;

export interface EvidenceSigner {
  readonly sign: (origin: string, text: string) => NoteSignature;
}

/** Type of an Ed25519 signature in a signed note. */
const ED25519 = 1;
const RAW_BYTES = 32;

export const originOf = (environment: string): string => `memplane.dev/evidence/${environment}`;

const typedKey = (key: KeyObject): Buffer => {
  const der = key.export({ format: 'der', type: 'spki' });
  return Buffer.concat([Buffer.from([ED25519]), der.subarray(der.length - RAW_BYTES)]);
};

export function readSigner(path: string, pem: string): EvidenceSigner {
  const key = readKey(path, pem, createPrivateKey, 'openssl genpkey -algorithm ed25519 -out evidence.pem');
  const typed = typedKey(createPublicKey(key));
  return {
    sign: (origin, text) => ({
      name: origin,
      keyId: keyIdOf(origin, typed),
      signature: sign(null, Buffer.from(text), key),
    }),
  };
}

/** The same public key whatever environment it signed for. */
export function readVerifier(path: string, pem: string): (origin: string) => EvidenceVerifier {
  if (pem.includes('PRIVATE KEY')) {
    throw unusableError(`${path} is a private key`, ['an auditor needs the public one only', PUBLIC]);
  }
  const key = readKey(path, pem, createPublicKey, PUBLIC);
  const typed = typedKey(key);
  return (name) => {
    const verifier = parseVerifierKey(`${name}+${keyIdOf(name, typed).toString('hex')}+${typed.toString('base64')}`);
    if (verifier === undefined) throw new Error(`no verifier of ${name}`);
    return verifier;
  };
}

const PUBLIC = 'openssl pkey -in evidence.pem -pubout -out evidence.pub';

function readKey(path: string, pem: string, read: (pem: string) => KeyObject, remedy: string): KeyObject {
  let key: KeyObject;
  try {
    key = read(pem);
  } catch (cause) {
    throw unusableError(`${path} is no key in PEM`, [remedy], cause);
  }
  if (key.asymmetricKeyType !== 'ed25519') {
    throw unusableError(`${path} is a key of type ${key.asymmetricKeyType ?? 'unknown'}, and must be Ed25519`, [
      remedy,
    ]);
  }
  return key;
}
