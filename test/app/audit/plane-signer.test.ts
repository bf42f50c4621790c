import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { azureSigner, googleSigner } from '../../../app/audit/cloud-signers.js';
import { leafHash } from '../../../app/audit/merkle.js';
import { parseNote, parseVerifierKey, signersOf } from '../../../app/audit/note.js';
import {
  openPlaneSigner,
  type PlaneSigner,
  signPlaneCheckpoint,
  verifierKeyOf,
} from '../../../app/audit/plane-signer.js';

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
let folder: string;
let server: Server;
let url: string;

/** Stand-in of two clouds: it takes digests, and refuses who brings no token, as their documents say. */
const answer = (path: string, body: string, key: KeyObject): object | undefined => {
  const asked = (body === '' ? {} : JSON.parse(body)) as { digest?: { sha256: string }; alg?: string; value?: string };
  if (path === '/v1/k/versions/1/publicKey') return { pem: pair.publicKey.export({ format: 'pem', type: 'spki' }) };
  if (path === '/v1/k/versions/1:asymmetricSign') {
    return { signature: signDigest(Buffer.from(asked.digest?.sha256 ?? '', 'base64'), key, 'der').toString('base64') };
  }
  if (path === '/keys/k/1?api-version=7.4') return { key: pair.publicKey.export({ format: 'jwk' }) };
  if (path === '/keys/k/1/sign?api-version=7.4' && asked.alg === 'ES256') {
    return { value: signDigest(Buffer.from(asked.value ?? '', 'base64url'), key, 'ieee-p1363').toString('base64url') };
  }
  return undefined;
};
/** The stand-in knows the message of the test; the clouds sign the digest as it is. */
const MESSAGE = Buffer.from('a message\n');
const signDigest = (digest: Buffer, key: KeyObject, dsaEncoding: 'der' | 'ieee-p1363'): Buffer => {
  if (!digest.equals(createHash('sha256').update(MESSAGE).digest())) throw new Error('not the digest of the message');
  return sign('sha256', MESSAGE, { key, dsaEncoding });
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'memplane-signer-'));
  writeFileSync(join(folder, 'key.pem'), pair.privateKey.export({ format: 'pem', type: 'pkcs8' }));
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      const found =
        request.headers.authorization === 'Bearer t' ? answer(request.url ?? '', body, pair.privateKey) : undefined;
      response.writeHead(found ? 200 : 403, { 'Content-Type': 'application/json' }).end(JSON.stringify(found ?? {}));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await new Promise((done) => server.close(done));
});

const token = async (): Promise<string> => 't';
const signers: readonly (readonly [string, () => PlaneSigner])[] = [
  ['a file', () => openPlaneSigner({ provider: 'file', keyId: join(folder, 'key.pem') })],
  ['Google (stand-in)', () => googleSigner('k/versions/1', token, `${url}/v1`)],
  ['Azure (stand-in)', () => azureSigner(`${url}/keys/k/1`, token)],
];

describe('the key of the plane', () => {
  it.each(signers)('in %s signs what its exported public key verifies', async (_, open) => {
    const signer = open();
    const key = createPublicKey({ key: await signer.publicKey(), format: 'der', type: 'spki' });
    for (let i = 0; i < 20; i++) expect(verify('sha256', MESSAGE, key, await signer.sign(MESSAGE))).toBe(true);
  });

  it('signs checkpoints of the anchor log, which a policy names by its verifier key', async () => {
    const signer = openPlaneSigner({ provider: 'file', keyId: join(folder, 'key.pem') });
    const checkpoint = { origin: 'example.com/anchor/1', size: 1, root: leafHash(MESSAGE) };
    const note = parseNote(await signPlaneCheckpoint(signer, checkpoint));
    const verifier = parseVerifierKey(await verifierKeyOf(checkpoint.origin, signer));
    if (!note || !verifier) throw new Error('no note');
    expect(signersOf(note, [verifier])).toHaveLength(1);
    expect(signersOf({ ...note, text: note.text.replace('\n1\n', '\n2\n') }, [verifier])).toEqual([]);
  });

  it('is not had from a cloud that refuses, nor from a provider that nobody knows', async () => {
    await expect(googleSigner('k/versions/1', async () => 'other', `${url}/v1`).publicKey()).rejects.toThrow(
      'answered 403',
    );
    expect(() => openPlaneSigner({ provider: 'vault', keyId: 'x' })).toThrow('use file, aws, gcp or azure');
  });
});
