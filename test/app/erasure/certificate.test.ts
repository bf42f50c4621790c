import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryctl, type Said } from '../../support/cli.js';
import {
  createTestTenant,
  eventually,
  type InProcessService,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';

interface Envelope {
  payloadType: string;
  payload: string;
  signatures: { keyid: string; sig: string }[];
}

let tenant: TestTenant;
let service: InProcessService;
let folder: string;
let keyFile: string;
let policy: string;
let bundle: string;
const NAME = 'example.com/plane';
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
beforeAll(async () => {
  tenant = await createTestTenant();
  folder = mkdtempSync(join(tmpdir(), 'memplane-certificate-'));
  keyFile = join(folder, 'plane.pem');
  writeFileSync(keyFile, pair.privateKey.export({ format: 'pem', type: 'pkcs8' }));
  writeFileSync(join(folder, 'api-key'), tenant.adminKey);
  const env = { AUDIT_KMS_KEY_ID: keyFile, AUDIT_KMS_KEY_NAME: NAME };
  service = await startInProcess(tenant, env);
  [policy, bundle] = [join(folder, 'policy.json'), join(folder, 'bundle')];
  const { body } = await service.call('GET', '/api/v1/audit/head');
  writePolicy(body);
}, 60_000);
afterAll(async () => {
  await tenant?.drop();
  rmSync(folder, { recursive: true, force: true });
}, 90_000);

let head: { origin: string; vkey: string };
const writePolicy = (told: typeof head, more: object = {}): void => {
  head = told;
  const publicKey = pair.publicKey.export({ format: 'pem', type: 'spki' });
  const whole = { v: 1, origin: told.origin, keys: [told.vkey], plane: [{ name: NAME, publicKey }], ...more };
  writeFileSync(policy, JSON.stringify({ ...whole, require: 'signed' }));
};

/** Erases somebody who has said something; the certificate as it was answered. */
const erase = async (user: string): Promise<{ salt: string; url: string }> => {
  const { status } = await service.call('POST', '/api/v1/memories', { body: { user_id: user, content: 'likes tea' } });
  expect(status).toBe(201);
  const { body } = await service.call('DELETE', `/api/v1/users/${user}`);
  const { certificate_url: url } = await eventually(
    async () => (await service.call('GET', `/api/v1/erasures/${body.erasure_id}`)).body,
    (seen) => seen.status === 'completed',
    30_000,
  );
  return { salt: body.request_salt, url };
};
const read = async (url: string): Promise<Envelope> => (await service.call('GET', url)).body;
const check = (envelope: unknown, ...more: readonly string[]): Promise<Said> =>
  memoryctl(['audit', 'certificate', '-', '--policy', policy, ...more], { stdin: JSON.stringify(envelope) });

describe('a certificate signed by the plane’s key', () => {
  let envelope: Envelope;
  let salt: string;

  beforeAll(async () => {
    const erased = await erase('ada');
    salt = erased.salt;
    envelope = await read(erased.url);
    const flags = ['--endpoint', service.url, '--key-file', join(folder, 'api-key')];
    expect((await memoryctl(['audit', 'export', bundle, ...flags])).code).toBe(0);
  }, 60_000);

  it('is verified offline: its signature, its place in the log, and whom it is about', async () => {
    expect(envelope.signatures.map(({ keyid }) => keyid.split('+')[0])).toEqual([NAME, head.origin]);
    expect(JSON.parse(Buffer.from(envelope.payload, 'base64').toString()).signer).toEqual({
      kind: 'plane',
      name: NAME,
    });
    const said = await check(envelope, '--bundle', bundle, '--user-id', 'ada', '--salt', salt);
    expect(said).toMatchObject({ code: 0 });
    expect(said.out).toContain(`signed by ${head.origin} and ${NAME}`);
    expect(said.out).toMatch(/in the audit log as event [0-9]+\nabout the person that was named\n/);
    expect(said.out).toContain('not claimed, N10: Future cryptanalysis.');
  }, 60_000);

  it.each<[string, string, (whole: Envelope) => void]>([
    ['one character of its payload', 'does not hold', (whole) => edit(whole, 'logical', 'logicel')],
    ['a count of its rows', 'does not hold', (whole) => edit(whole, '"memories":1', '"memories":0')],
    ['one bit of the plane’s signature', `the signature of ${NAME} does not hold`, (whole) => flip(whole, 0)],
    ['one bit of the log’s signature', `the signature of ${'memplane.dev'}`, (whole) => flip(whole, 1)],
    ['the plane’s signature taken away', 'not signed by a key of the plane', (whole) => void whole.signatures.shift()],
    ['all signatures taken away', 'not signed by a key of the plane', (whole) => void whole.signatures.splice(0)],
  ])('with %s does not hold', async (_, words, change) => {
    const whole = structuredClone(envelope);
    change(whole);
    const said = await check(whole);
    expect([said.code, said.out]).toEqual([1, expect.stringContaining(words)]);
  });

  it('is not taken for one of another type, of another log, about another person, or that a log does not hold', async () => {
    expect((await check({ ...envelope, payloadType: 'application/vnd.memplane.backup.v1+json' })).code).toBe(3);
    expect((await check('nonsense')).code).toBe(3);
    expect((await check(envelope, '--user-id', 'ben', '--salt', salt)).out).toContain('about somebody else');
    expect((await check(envelope, '--user-id', 'ada')).code).toBe(64);
    const later = await read((await erase('late')).url);
    const said = await check(later, '--bundle', bundle);
    expect([said.code, said.out]).toEqual([1, expect.stringContaining('does not hold it')]);
    expect((await check(envelope, '--bundle', join(folder, 'nowhere'))).code).toBe(3);
  }, 60_000);

  it('waits for a KMS that is away, and has its signature as soon as that is back, over the same bytes', async () => {
    renameSync(keyFile, `${keyFile}.away`);
    const { url } = await erase('eve');
    const before = await read(url);
    expect(before.signatures).toHaveLength(1);
    expect((await check(before)).out).toContain('not signed by a key of the plane');
    const log = { origin: head.origin, vkey: head.vkey };
    writePolicy(log, { plane: undefined });
    expect((await check(before)).code).toBe(0);
    writePolicy(log);
    renameSync(`${keyFile}.away`, keyFile);
    const after = await eventually(
      () => read(url),
      ({ signatures }) => signatures.length === 2,
      40_000,
    );
    expect(after.payload).toBe(before.payload);
    expect((await check(after)).code).toBe(0);
  }, 90_000);
});

const edit = (whole: Envelope, from: string, to: string): void => {
  const text = Buffer.from(whole.payload, 'base64').toString();
  expect(text).toContain(from);
  whole.payload = Buffer.from(text.replace(from, to)).toString('base64');
};

const flip = ({ signatures }: Envelope, at: number): void => {
  const [one] = signatures.slice(at, at + 1);
  if (!one) throw new Error('no such signature');
  const bytes = Buffer.from(one.sig, 'base64');
  bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
  one.sig = bytes.toString('base64');
};
