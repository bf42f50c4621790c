import { createHash, createPublicKey, type JsonWebKey } from 'node:crypto';
import { askCloud, atEndpoint, CloudRefused, demandText, googleKmsUrl, type TokenSource } from '../keys/cloud-rest.js';
import type { PlaneSigner } from './plane-signer.js';

const digest = (message: Uint8Array): Buffer => createHash('sha256').update(message).digest();

/** Google: `keyId` is projects/…/cryptoKeyVersions/1, of purpose EC_SIGN_P256_SHA256. */
export const googleSigner = (keyId: string, token: TokenSource, endpoint?: string): PlaneSigner => {
  const key = googleKmsUrl(keyId, endpoint);
  return {
    publicKey: async () => {
      const { pem } = await askCloud(`${key}/publicKey`, token);
      return createPublicKey(demandText(pem, 'pem')).export({ format: 'der', type: 'spki' });
    },
    sign: async (message) => {
      const body = { digest: { sha256: digest(message).toString('base64') } };
      const { signature } = await askCloud(`${key}:asymmetricSign`, token, body);
      return Buffer.from(demandText(signature, 'signature'), 'base64');
    },
  };
};

/** Azure: `keyId` is the key's URL with its version, of type EC, curve P-256. */
export const azureSigner = (keyId: string, token: TokenSource, endpoint?: string): PlaneSigner => {
  const at = (suffix: string): string => atEndpoint(`${keyId}${suffix}?api-version=7.4`, endpoint);
  return {
    publicKey: async () => {
      const { key } = await askCloud(at(''), token);
      return createPublicKey({ key: publicPart(key), format: 'jwk' }).export({ format: 'der', type: 'spki' });
    },
    sign: async (message) => {
      const body = { alg: 'ES256', value: digest(message).toString('base64url') };
      const { value } = await askCloud(at('/sign'), token, body);
      return toDer(Buffer.from(demandText(value, 'value'), 'base64url'));
    },
  };
};

/** A key of an HSM says `EC-HSM`, which is no type of RFC 7517. */
const publicPart = (key: unknown): JsonWebKey => {
  const { kty, crv, x, y } = (key ?? {}) as Readonly<Record<string, unknown>>;
  if (kty !== 'EC' && kty !== 'EC-HSM') throw new CloudRefused(`The key is of type ${String(kty)}, not EC`, undefined);
  return { kty: 'EC', crv: demandText(crv, 'key.crv'), x: demandText(x, 'key.x'), y: demandText(y, 'key.y') };
};

/** JOSE writes r ‖ s; everybody else a SEQUENCE of two INTEGERs. */
const toDer = (raw: Buffer): Buffer => {
  if (raw.length !== 64) throw new CloudRefused(`The KMS answered with a signature of ${raw.length} bytes`, undefined);
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
