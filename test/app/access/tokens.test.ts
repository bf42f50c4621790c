import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { CompactSign } from 'jose';
import { createIssuerKey, type IssuerKey, signToken, startIssuer, type TestIssuer } from '../../support/issuer.js';
import {
  createTestTenant,
  defaultPolicies,
  eventually,
  type InProcessService,
  SOON_MS,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';

jest.setTimeout(90_000);

let issuer: TestIssuer;
let rsa: IssuerKey;
let ec: IssuerKey;
let ed: IssuerKey;
let stranger: IssuerKey;
let tenant: TestTenant;
let service: InProcessService;

const settings = (more: object = {}) => ({
  issuer: issuer.url,
  audiences: ['memory'],
  jwksURI: issuer.jwksURI,
  claims: { user: 'sub', roles: 'roles' },
  strictType: false,
  ...more,
});
const withIssuer = (more: object = {}): void =>
  tenant.writePolicies({ ...defaultPolicies, access: { jwt: [settings(more)] } });
const ask = (token: string, path = '/api/v1/whoami') =>
  service.call('GET', path, { key: null, headers: { Authorization: `Bearer ${token}` } });
const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

beforeAll(async () => {
  issuer = await startIssuer();
  [rsa, ec, ed, stranger] = await Promise.all([
    createIssuerKey('RS256'),
    createIssuerKey('ES256'),
    createIssuerKey('EdDSA'),
    createIssuerKey('ES256', 'stranger'),
  ]);
  issuer.publish([rsa, ec, ed].map(({ publicJwk }) => publicJwk));
  tenant = await createTestTenant();
  writeFileSync(join(tenant.directory, 'ca.pem'), issuer.ca);
  withIssuer();
  service = await startInProcess(tenant, {
    MEMPLANE_CA_FILE: join(tenant.directory, 'ca.pem'),
    MEMPLANE_EGRESS_ALLOW: '127.0.0.1/32',
  });
});
afterAll(async () => {
  await service.stop();
  await tenant.drop();
  await issuer.stop();
});

describe('a token', () => {
  it.each([
    ['RSA', () => rsa],
    ['EC', () => ec],
    ['Ed25519', () => ed],
  ])('signed with %s is the person and the role it names', async (_, key) => {
    const answer = await ask(await signToken(key(), issuer.url));
    expect([answer.status, answer.body]).toMatchObject([200, { credential: 'jwt', user_id: 'ada', role: 'user' }]);
    expect(answer.body.permissions).not.toContain('delete');
  });

  it('is the same credential each time, and its person cannot be contradicted', async () => {
    const [first, second] = [await ask(await signToken(rsa, issuer.url)), await ask(await signToken(ec, issuer.url))];
    expect(first.body.key_id).toBe(second.body.key_id);
    const headers = { Authorization: `Bearer ${await signToken(rsa, issuer.url)}` };
    expect((await service.call('GET', '/api/v1/memories?user_id=bob', { key: null, headers })).body.code).toBe(
      'identity_mismatch',
    );
  });

  it.each([
    ['an unknown role', { roles: ['warden'] }, 'readonly'],
    ['no role', { roles: undefined }, 'readonly'],
    ['a role of the tenant among others', { roles: ['offline_access', 'admin'] }, 'admin'],
    ['a text of roles', { roles: 'service other' }, 'service'],
  ])('with %s is %s', async (_, claims, role) => {
    expect((await ask(await signToken(ec, issuer.url, { claims }))).body.role).toBe(role);
  });

  it('tells its own end, not that of its minute of grace, and belongs to no team', async () => {
    const exp = Math.floor(Date.now() / 1000) + 240;
    const { body } = await ask(await signToken(ec, issuer.url, { claims: { exp }, expiresIn: null }));
    expect(body).toMatchObject({ expires_at: new Date(exp * 1000).toISOString(), teams: [], organizations: [] });
    const endless = await ask(await signToken(ec, issuer.url, { claims: { exp: 1e14 }, expiresIn: null }));
    expect([endless.status, endless.body.expires_at]).toEqual([200, '+275760-09-13T00:00:00.000Z']);
  });

  it('may be a minute out of step', async () => {
    expect((await ask(await signToken(ec, issuer.url, { expiresIn: -50 }))).status).toBe(200);
    const soon = Math.floor(Date.now() / 1000) + 50;
    expect((await ask(await signToken(ec, issuer.url, { claims: { nbf: soon, iat: soon } }))).status).toBe(200);
  });

  it('comes as Bearer only', async () => {
    const token = await signToken(ec, issuer.url);
    for (const headers of [{ 'X-API-Key': token }, { Authorization: `Token ${token}` }]) {
      expect((await service.call('GET', '/api/v1/whoami', { key: null, headers })).status).toBe(401);
    }
  });
});

describe('a forged or foreign token is 401, whatever it claims', () => {
  const later = Math.floor(Date.now() / 1000) + 3600;
  const claims = () => ({ iss: issuer.url, aud: 'memory', sub: 'ada', roles: ['admin'], exp: later });
  const spki = (): string => JSON.stringify(rsa.publicJwk);
  const forgeries: readonly (readonly [string, () => Promise<string> | string])[] = [
    ['expired', () => signToken(rsa, issuer.url, { expiresIn: -120 })],
    ['without exp', () => signToken(rsa, issuer.url, { expiresIn: null })],
    ['not yet valid', () => signToken(rsa, issuer.url, { claims: { nbf: later } })],
    ['issued in the future', () => signToken(rsa, issuer.url, { claims: { iat: later } })],
    ['for another audience', () => signToken(rsa, issuer.url, { claims: { aud: 'billing' } })],
    ['of another issuer', () => signToken(rsa, 'https://evil.example')],
    ['without a subject', () => signToken(rsa, issuer.url, { claims: { sub: undefined } as never })],
    ['with an empty subject', () => signToken(rsa, issuer.url, { claims: { sub: '' } })],
    ['signed by a key nobody published', () => signToken(stranger, issuer.url)],
    ["signed by a stranger under a known key's id", () => signToken({ ...stranger, kid: ec.kid }, issuer.url)],
    ['alg none', () => `${part({ alg: 'none', kid: rsa.kid })}.${part(claims())}.`],
    ['alg None with a signature', () => `${part({ alg: 'None', kid: rsa.kid })}.${part(claims())}.c2ln`],
    [
      'HS256 with the public key as its secret',
      () => {
        const body = `${part({ alg: 'HS256', kid: rsa.kid })}.${part(claims())}`;
        return `${body}.${createHmac('sha256', spki()).update(body).digest('base64url')}`;
      },
    ],
    ['PS256 of a key that is RS256', () => `${part({ alg: 'PS256', kid: rsa.kid })}.${part(claims())}.c2ln`],
    ['jku', () => signToken(rsa, issuer.url, { header: { jku: 'https://evil.example/keys' } })],
    ['x5u', () => signToken(rsa, issuer.url, { header: { x5u: 'https://evil.example/cert' } })],
    ['jwk', () => signToken({ ...stranger, kid: rsa.kid }, issuer.url, { header: { jwk: stranger.publicJwk } })],
    [
      'crit',
      () =>
        new CompactSign(Buffer.from(JSON.stringify(claims())))
          .setProtectedHeader({ alg: 'ES256', kid: ec.kid, crit: ['b64'], b64: true })
          .sign(ec.privateKey),
    ],
    ['another typ', () => signToken(rsa, issuer.url, { header: { typ: 'logout+jwt' } })],
    [
      'changed after it was signed',
      async () => {
        const [header, , signature] = (await signToken(ec, issuer.url)).split('.');
        return `${header}.${part(claims())}.${signature}`;
      },
    ],
    ['no JSON inside', () => `eyJhbGciOiJub25lIn0.bm90anNvbg.c2ln`],
  ];
  it.each(forgeries)('%s', async (_, forge) => {
    const { status, body } = await ask(await forge());
    expect([status, body.code]).toEqual([401, 'unauthenticated']);
    expect(body.detail).toMatch(/^The token is refused: /);
  });
});

describe("a tenant's own rules", () => {
  afterEach(async () => {
    withIssuer();
    await eventually(
      async () => (await ask(await signToken(ec, issuer.url))).status,
      (status) => status === 200,
    );
  });

  it('a claim must name this tenant where the issuer serves several', async () => {
    withIssuer({ claims: { user: 'sub', roles: 'roles', tenant: 'https://memplane.dev/tenant' } });
    const named = (name: unknown) =>
      signToken(ec, issuer.url, { claims: { 'https://memplane.dev/tenant': name } as never });
    const status = async (token: Promise<string>) => (await ask(await token)).status;
    await eventually(
      () => status(named('other')),
      (seen) => seen === 401,
    );
    expect(await status(signToken(ec, issuer.url))).toBe(401);
    expect(await status(named('test'))).toBe(200);
    expect(await status(named(['other', tenant.env.MEMPLANE_TENANT_ID]))).toBe(200);
  });

  it('strictType takes access tokens only', async () => {
    withIssuer({ strictType: true });
    const status = async (typ: string | undefined) =>
      (await ask(await signToken(ec, issuer.url, { header: typ === undefined ? {} : { typ } }))).status;
    await eventually(
      () => status('JWT'),
      (seen) => seen === 401,
    );
    expect([await status(undefined), await status('at+jwt')]).toEqual([401, 200]);
  });

  it('an issuer taken out of the policies is out within a second, while the service runs', async () => {
    tenant.writePolicies(defaultPolicies);
    const token = await signToken(ec, issuer.url);
    const answer = await eventually(
      () => ask(token),
      ({ status }) => status === 401,
      SOON_MS,
    );
    expect(answer.body.detail).toContain('API keys only');
  });
});

it('an unknown key id makes the key set be fetched once in half a minute, however many ask', async () => {
  const before = issuer.fetches();
  const answers = await Promise.all(
    Array.from({ length: 20 }, async (_, n) => ask(await signToken({ ...stranger, kid: `invented-${n}` }, issuer.url))),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
  expect(issuer.fetches() - before).toBeLessThanOrEqual(1);
});

it('while the keys cannot be had at all a token is 503 and an API key works', async () => {
  issuer.answer(() => ({ status: 302, headers: { Location: 'https://127.0.0.1/keys' }, body: '' }));
  const fresh = await startInProcess(tenant, {
    MEMPLANE_CA_FILE: join(tenant.directory, 'ca.pem'),
    MEMPLANE_EGRESS_ALLOW: '127.0.0.1/32',
  });
  const headers = { Authorization: `Bearer ${await signToken(ec, issuer.url)}` };
  const answer = await fresh.call('GET', '/api/v1/whoami', { key: null, headers });
  expect([answer.status, answer.body.code, answer.headers.get('retry-after')]).toEqual([
    503,
    'provider_unavailable',
    '5',
  ]);
  expect((await fresh.call('GET', '/api/v1/whoami')).status).toBe(200);
  await fresh.stop();
  issuer.answer(undefined);
});

it('an issuer at a private address that nobody allowed is never called', async () => {
  const before = issuer.fetches();
  const closed = await startInProcess(tenant, { MEMPLANE_CA_FILE: join(tenant.directory, 'ca.pem') });
  const headers = { Authorization: `Bearer ${await signToken(ec, issuer.url)}` };
  expect((await closed.call('GET', '/api/v1/whoami', { key: null, headers })).status).toBe(503);
  expect(issuer.fetches()).toBe(before);
  await closed.stop();
});
