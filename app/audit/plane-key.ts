import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { messageOf } from '../http/cause.js';
import { ECDSA, keyIdOf, type NoteSignature } from './note.js';
import type { PlaneSigner } from './plane-signer.js';
import { openPlaneSigner, type PlaneSignerOptions } from './signer-providers.js';

/** The plane's key under its name. What a KMS answers is checked before anybody is shown it. */
export interface PlaneKey {
  readonly name: string;
  /** As a policy names it: `<name>+<key id>+base64(02 ‖ SubjectPublicKeyInfo)`. */
  vkey(): Promise<string>;
  sign(message: Uint8Array): Promise<NoteSignature>;
  /** Why it could not sign when it was last asked, if so. */
  trouble(): string | undefined;
}

interface PublicHalf {
  readonly key: KeyObject;
  readonly typed: Buffer;
  readonly keyId: Buffer;
}

/** How long nobody is made to wait for a KMS that has just failed. */
const REST_MS = 5_000;

export const openPlaneKey = (name: string, options: PlaneSignerOptions): PlaneKey =>
  buildPlaneKey(name, openPlaneSigner(options));

export const buildPlaneKey = (name: string, signer: PlaneSigner, restMs = REST_MS): PlaneKey => {
  let half: PublicHalf | undefined;
  let trouble: { readonly why: string; readonly until: number } | undefined;
  const guard = async <T>(work: () => Promise<T>): Promise<T> => {
    if (trouble && Date.now() < trouble.until) throw new PlaneKeyAway(trouble.why);
    try {
      const done = await work();
      trouble = undefined;
      return done;
    } catch (cause) {
      trouble = { why: `the key ${name} does not sign: ${messageOf(cause)}`, until: Date.now() + restMs };
      throw new PlaneKeyAway(trouble.why, { cause });
    }
  };
  const publicHalf = async (): Promise<PublicHalf> => {
    half ??= readHalf(name, await signer.publicKey());
    return half;
  };
  return {
    name,
    trouble: () => trouble?.why,
    vkey: () => guard(async () => verifierKeyOf(name, await publicHalf())),
    sign: (message) =>
      guard(async () => {
        const { key, keyId } = await publicHalf();
        const signature = await signer.sign(message);
        if (verify('sha256', message, key, signature)) return { name, keyId, signature };
        // Another key may stand behind the same name by now: what it is called is asked again.
        half = undefined;
        throw new Error('what the KMS signed does not verify by its own public key');
      }),
  };
};

export class PlaneKeyAway extends Error {
  readonly code = 'PlaneKeyAway';
}

const readHalf = (name: string, spki: Buffer): PublicHalf => {
  const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new Error(`its key is ${key.asymmetricKeyDetails?.namedCurve ?? key.asymmetricKeyType}, not ECDSA P-256`);
  }
  const typed = Buffer.concat([Buffer.from([ECDSA]), spki]);
  return { key, typed, keyId: keyIdOf(name, typed) };
};

const verifierKeyOf = (name: string, { keyId, typed }: Pick<PublicHalf, 'keyId' | 'typed'>): string =>
  `${name}+${keyId.toString('hex')}+${typed.toString('base64')}`;

/** From the public key as a KMS exports it. */
export const buildVerifierKey = (name: string, spki: Buffer): string => verifierKeyOf(name, readHalf(name, spki));
