import { createHash, createPublicKey, type JsonWebKey } from 'node:crypto';
import type { PlaneSigner } from './plane-signer.js';

/** An access token for the cloud's API, as the pod's identity has it now. */
export type TokenSource = () => Promise<string>;

const PATIENCE_MS = 10_000;

const ask = async (url: string, token: TokenSource, body?: object): Promise<Record<string, unknown>> => {
  const response = await fetch(url, {
    method: body ? 'POST' : 'GET',
    headers: { Authorization: `Bearer ${await token()}`, ...(body ? { 'Content-Type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
    redirect: 'error',
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  if (!response.ok) throw new Error(`${new URL(url).host} answered ${response.status} for the signing key`);
  return (await response.json()) as Record<string, unknown>;
};

const digest = (message: Uint8Array): Buffer => createHash('sha256').update(message).digest();

const demand = (value: unknown, what: string): string => {
  if (typeof value !== 'string' || value === '') throw new Error(`The KMS answered without ${what}`);
  return value;
};

/** Google: `keyId` is projects/…/cryptoKeyVersions/1, of purpose EC_SIGN_P256_SHA256. */
export const googleSigner = (
  keyId: string,
  token: TokenSource,
  endpoint = 'https://cloudkms.googleapis.com/v1',
): PlaneSigner => ({
  publicKey: async () => {
    const { pem } = await ask(`${endpoint}/${keyId}/publicKey`, token);
    return createPublicKey(demand(pem, 'pem')).export({ format: 'der', type: 'spki' });
  },
  sign: async (message) => {
    const body = { digest: { sha256: digest(message).toString('base64') } };
    const { signature } = await ask(`${endpoint}/${keyId}:asymmetricSign`, token, body);
    return Buffer.from(demand(signature, 'signature'), 'base64');
  },
});

/** Azure: `keyId` is the key's URL with its version, of type EC, curve P-256. */
export const azureSigner = (keyId: string, token: TokenSource): PlaneSigner => ({
  publicKey: async () => {
    const { key } = await ask(`${keyId}?api-version=7.4`, token);
    return createPublicKey({ key: key as JsonWebKey, format: 'jwk' }).export({ format: 'der', type: 'spki' });
  },
  sign: async (message) => {
    const body = { alg: 'ES256', value: digest(message).toString('base64url') };
    const { value } = await ask(`${keyId}/sign?api-version=7.4`, token, body);
    return toDer(Buffer.from(demand(value, 'value'), 'base64url'));
  },
});

/** JOSE writes r ‖ s; everybody else a SEQUENCE of two INTEGERs. */
const toDer = (raw: Buffer): Buffer => {
  if (raw.length !== 64) throw new Error(`The KMS answered with a signature of ${raw.length} bytes`);
  const integer = (bytes: Buffer): Buffer => {
    let at = 0;
    while (at < 31 && bytes[at] === 0) at++;
    const short = bytes.subarray(at);
    const positive = (short[0] ?? 0) < 0x80 ? short : Buffer.concat([Buffer.from([0]), short]);
    return Buffer.concat([Buffer.from([2, positive.length]), positive]);
  };
  const both = Buffer.concat([integer(raw.subarray(0, 32)), integer(raw.subarray(32))]);
  return Buffer.concat([Buffer.from([0x30, both.length]), both]);
};
