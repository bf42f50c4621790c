import type { Verifier } from '../audit/note.js';
import type { PlaneKey } from '../audit/plane-key.js';
import type { LogSigner } from '../tenancy/vault.js';

/** A DSSE envelope: what is signed is its type and its bytes, so that a signature is of nothing else. */
export interface Envelope {
  readonly payloadType: string;
  readonly payload: string;
  readonly signatures: readonly DocumentSignature[];
}

export interface DocumentSignature {
  /** The verifier key of whoever signed. */
  readonly keyid: string;
  readonly sig: string;
}

/** https://github.com/secure-systems-lab/dsse/blob/master/protocol.md */
export const preAuthEncoding = (payloadType: string, payload: Uint8Array): Buffer =>
  Buffer.concat([
    Buffer.from(`DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `, 'utf8'),
    payload,
  ]);

export const signEnvelope = (signer: LogSigner, payloadType: string, payload: Buffer): Envelope => ({
  payloadType,
  payload: payload.toString('base64'),
  signatures: [{ keyid: signer.vkey, sig: signer.sign(preAuthEncoding(payloadType, payload)).toString('base64') }],
});

/** The plane's signature before the others. Throws while its KMS does not sign. */
export const addPlaneSignature = async (plane: PlaneKey, envelope: Envelope): Promise<Envelope> => {
  const { signature } = await plane.sign(preAuthEncoding(envelope.payloadType, payloadOf(envelope)));
  const own = { keyid: await plane.vkey(), sig: signature.toString('base64') };
  return { ...envelope, signatures: [own, ...envelope.signatures] };
};

export const payloadOf = ({ payload }: Envelope): Buffer => Buffer.from(payload, 'base64');

export interface CheckedSignatures {
  readonly good: readonly Verifier[];
  /** Lines under the name of a verifier that do not hold. */
  readonly bad: readonly Verifier[];
}

export const checkSignatures = (envelope: Envelope, verifiers: readonly Verifier[]): CheckedSignatures => {
  const message = preAuthEncoding(envelope.payloadType, payloadOf(envelope));
  const found = verifiers.flatMap((verifier) =>
    envelope.signatures
      .filter(({ keyid }) => keyid === verifier.vkey)
      .map(({ sig }) => ({ verifier, holds: verifier.verify(message, Buffer.from(sig, 'base64')) })),
  );
  const those = (holds: boolean) => found.filter((one) => one.holds === holds).map(({ verifier }) => verifier);
  return { good: those(true), bad: those(false) };
};
