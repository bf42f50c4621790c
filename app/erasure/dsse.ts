import type { LogSigner } from '../tenancy/vault.js';

/** A DSSE envelope: what is signed is its type and its bytes, so that a signature is of nothing else. */
export interface Envelope {
  readonly payloadType: string;
  readonly payload: string;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
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
