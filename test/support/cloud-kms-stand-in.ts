/**
 * A stand-in for the KMS of Google and the Key Vault of Azure, as far as their REST documents say what is asked here: keys
 * that sign digests, wrap and unwrap, and the endpoints that give a pod its token. It holds keys of its own and refuses who
 * brings no token, another key's name, damaged bytes or another context.
 */
import {
  constants,
  createCipheriv,
  createDecipheriv,
  createECDH,
  generateKeyPairSync,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
} from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { crc32c } from '../../app/keys/crc32c.js';

export interface CloudKmsStandIn {
  readonly url: string;
  /** host:port */
  readonly host: string;
  /** Of the signing key: SubjectPublicKeyInfo in DER. */
  readonly publicKey: Buffer;
  readonly google: { readonly signing: string; readonly wrapping: string };
  readonly azure: { readonly signing: string; readonly wrapping: string };
  /** Requests so far, by their last word. */
  readonly asked: string[];
  /** While true nobody is answered. */
  away: boolean;
  /** The status that every call of a key is refused with, if any. */
  refuses: number | undefined;
  stop(): Promise<void>;
}

const TOKEN = 'a-token-of-the-stand-in';
const GOOGLE = 'projects/p/locations/l/keyRings/r/cryptoKeys';
const VAULT = 'https://vault.stand-in.example/keys';

type Body = Readonly<Record<string, string>>;
interface Keys {
  readonly signing: { readonly privateKey: KeyObject; readonly publicKey: KeyObject };
  readonly rsa: { readonly privateKey: KeyObject; readonly publicKey: KeyObject };
  readonly secret: Buffer;
}

export const startCloudKms = async (): Promise<CloudKmsStandIn> => {
  const keys: Keys = {
    signing: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }),
    secret: randomBytes(32),
  };
  const asked: string[] = [];
  const state = { away: false, refuses: undefined as number | undefined };
  const server = createServer((request, response) => {
    if (state.away) return void request.socket.destroy();
    void readBody(request).then((text) => {
      const path = request.url ?? '';
      const found = tokenOf(request, text) ?? answerKeys(request, text);
      asked.push(/(\w+)(\?.*)?$/.exec(path)?.[1] ?? path);
      response.writeHead(found.status, { 'Content-Type': 'application/json' }).end(JSON.stringify(found.body));
    });
  });
  const answerKeys = (request: IncomingMessage, text: string): Answered => {
    if (request.headers.authorization !== `Bearer ${TOKEN}`) return refuse(401, 'no token');
    if (state.refuses !== undefined) return refuse(state.refuses, 'as it was told');
    try {
      return answer(keys, request.url ?? '', text === '' ? {} : (JSON.parse(text) as Body & { digest?: Body }));
    } catch (cause) {
      return refuse(400, String(cause));
    }
  };
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(state, {
    url: `http://${host}`,
    host,
    asked,
    publicKey: keys.signing.publicKey.export({ format: 'der', type: 'spki' }),
    google: { signing: `${GOOGLE}/sign/cryptoKeyVersions/1`, wrapping: `${GOOGLE}/wrap` },
    azure: { signing: `${VAULT}/sign/v1`, wrapping: `${VAULT}/wrap/v1` },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  });
};

interface Answered {
  readonly status: number;
  readonly body: object;
}
const ok = (body: object): Answered => ({ status: 200, body });
const refuse = (status: number, message: string): Answered => ({ status, body: { error: { code: status, message } } });

const tokenOf = ({ url = '', headers }: IncomingMessage, text: string): Answered | undefined => {
  const given = ok({ access_token: TOKEN, expires_in: 3_600 });
  if (url === '/computeMetadata/v1/instance/service-accounts/default/token') {
    return headers['metadata-flavor'] === 'Google' ? given : refuse(403, 'Metadata-Flavor');
  }
  if (url !== '/directory/oauth2/v2.0/token') return undefined;
  const form = new URLSearchParams(text);
  const known = form.get('client_assertion') === 'of-the-pod' && form.get('client_id') === 'client';
  return known && form.get('scope') === 'https://vault.azure.net/.default' ? given : refuse(401, 'no such pod');
};

const answer = (keys: Keys, path: string, body: Body & { readonly digest?: Body }): Answered => {
  const { publicKey } = keys.signing;
  const bytes = (text = '') => Buffer.from(text, 'base64url');
  switch (path) {
    case `/v1/${GOOGLE}/sign/cryptoKeyVersions/1/publicKey`:
      return ok({ pem: publicKey.export({ format: 'pem', type: 'spki' }), algorithm: 'EC_SIGN_P256_SHA256' });
    case `/v1/${GOOGLE}/sign/cryptoKeyVersions/1:asymmetricSign`:
      return ok({ signature: toDer(signDigest(keys, Buffer.from(body.digest?.sha256 ?? '', 'base64'))) });
    case `/v1/${GOOGLE}/wrap:encrypt`:
      return ok(googleEncrypt(keys, body));
    case `/v1/${GOOGLE}/wrap:decrypt`:
      return ok(googleDecrypt(keys, body));
    case '/keys/sign/v1?api-version=7.4':
      return ok({ key: { ...publicKey.export({ format: 'jwk' }), kty: 'EC-HSM', key_ops: ['sign', 'verify'] } });
    case '/keys/sign/v1/sign?api-version=7.4':
      if (body.alg !== 'ES256') return refuse(400, 'alg');
      return ok({ value: Buffer.concat(signDigest(keys, bytes(body.value))).toString('base64url') });
    case '/keys/wrap/v1/wrapkey?api-version=7.4':
      return ok({ value: publicEncrypt(oaep(keys.rsa.publicKey, body), bytes(body.value)).toString('base64url') });
    case '/keys/wrap/v1/unwrapkey?api-version=7.4':
      return ok({ value: privateDecrypt(oaep(keys.rsa.privateKey, body), bytes(body.value)).toString('base64url') });
    default:
      return refuse(404, `no such key: ${path}`);
  }
};

const oaep = (key: KeyObject, { alg }: Body) => {
  if (alg !== 'RSA-OAEP-256') throw new Error('alg');
  return { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' };
};

const checked = (text: string | undefined, crc: string | undefined): Buffer => {
  const bytes = Buffer.from(text ?? '', 'base64');
  if (crc !== String(crc32c(bytes))) throw new Error('the checksum is of other bytes');
  return bytes;
};

const googleEncrypt = ({ secret }: Keys, body: Body): object => {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', secret, iv, { authTagLength: 16 });
  cipher.setAAD(checked(body.additionalAuthenticatedData, body.additionalAuthenticatedDataCrc32c));
  const text = cipher.update(checked(body.plaintext, body.plaintextCrc32c));
  const ciphertext = Buffer.concat([iv, text, cipher.final(), cipher.getAuthTag()]);
  return { ciphertext: ciphertext.toString('base64'), ciphertextCrc32c: String(crc32c(ciphertext)) };
};

const googleDecrypt = ({ secret }: Keys, body: Body): object => {
  const bytes = checked(body.ciphertext, body.ciphertextCrc32c);
  const decipher = createDecipheriv('aes-256-gcm', secret, bytes.subarray(0, 12), { authTagLength: 16 });
  decipher.setAAD(checked(body.additionalAuthenticatedData, body.additionalAuthenticatedDataCrc32c));
  decipher.setAuthTag(bytes.subarray(-16));
  const plaintext = Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]);
  return { plaintext: plaintext.toString('base64'), plaintextCrc32c: String(crc32c(plaintext)) };
};

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const big = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
const small = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
const power = (base: bigint, exponent: bigint): bigint => {
  let [result, square] = [1n, base % ORDER];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % ORDER;
    square = (square * square) % ORDER;
  }
  return result;
};

/** ECDSA over a digest that is signed as it is, which Node's own `sign` does not do. */
const signDigest = ({ signing }: Keys, digest: Buffer): readonly [Buffer, Buffer] => {
  if (digest.length !== 32) throw new Error('a digest has 32 bytes');
  const d = big(Buffer.from(signing.privateKey.export({ format: 'jwk' }).d ?? '', 'base64url'));
  const point = createECDH('prime256v1');
  point.generateKeys();
  const r = big(point.getPublicKey().subarray(1, 33)) % ORDER;
  const s = (power(big(point.getPrivateKey()), ORDER - 2n) * (big(digest) + r * d)) % ORDER;
  return [small(r), small(s)];
};

const toDer = ([r, s]: readonly [Buffer, Buffer]): string => {
  const integer = (bytes: Buffer): Buffer => {
    const hex = big(bytes).toString(16);
    const even = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
    const positive = (even[0] ?? 0) < 0x80 ? even : Buffer.concat([Buffer.from([0]), even]);
    return Buffer.concat([Buffer.from([2, positive.length]), positive]);
  };
  const both = Buffer.concat([integer(r), integer(s)]);
  return Buffer.concat([Buffer.from([0x30, both.length]), both]).toString('base64');
};

const readBody = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
};
