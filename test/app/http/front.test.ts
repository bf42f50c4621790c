import { request as send } from 'node:http';
import { jest } from '@jest/globals';
import {
  createTestTenant,
  defaultPolicies,
  eventually,
  type InProcessService,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';

jest.setTimeout(90_000);

let tenant: TestTenant;
let hot: InProcessService;
let express: InProcessService;
let id: string;
beforeAll(async () => {
  tenant = await createTestTenant();
  const env = { CORS_ORIGINS: 'https://app.example' };
  [hot, express] = await Promise.all([
    startInProcess(tenant, env),
    startInProcess(tenant, { ...env, MEMPLANE_HOT_PATH: 'false' }),
  ]);
  id = (await hot.call('POST', '/api/v1/memories', { body: { user_id: 'ada', content: 'Ada prefers tea' } })).body.id;
  await express.call('GET', '/api/v1/whoami');
  // Asked of both alike, for each counts what it is asked; the memory changes no more once it has its vector.
  await eventually(
    () => Promise.all([hot, express].map(({ call }) => call('GET', `/api/v1/memories/${id}`))),
    (answers) => answers.every(({ body }) => body.vector_status === 'succeeded'),
  );
});
afterAll(async () => {
  await Promise.all([hot.stop(), express.stop()]);
  await tenant.drop();
});

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Everything that comes back, names of headers as they were written. */
const exchange = (service: InProcessService, { method, path, headers = {}, body }: Sent) =>
  new Promise<{ status: number | undefined; headers: readonly string[]; body: string }>((resolve, reject) => {
    const all = { 'X-API-Key': tenant.adminKey, 'X-Request-ID': 'same-for-both', ...headers };
    const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
    const request = send(`${service.url}${path}`, { method, headers: { ...all, ...length } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const lines: string[] = [];
        for (let index = 0; index < response.rawHeaders.length; index += 2) {
          const [name, value] = response.rawHeaders.slice(index, index + 2);
          // When a window ends is not theirs to agree on, nor how much is left of one that has just begun anew for either.
          if (name !== 'Date')
            lines.push(
              `${name}: ${value}`.replace(/\bt=\d+|Reset: \d+/g, 'soon').replace(/\br=\d+|Remaining: \d+/g, 'left'),
            );
        }
        const text = Buffer.concat(chunks)
          .toString()
          .replace(/"took_ms":[\d.]+/, '"took_ms":0');
        // How long a search took is not one either, nor how many digits that has.
        const headers = text.includes('"took_ms"') ? lines.filter((line) => !line.startsWith('Content-Length')) : lines;
        resolve({ status: response.statusCode, headers: headers.sort(), body: text });
      });
    });
    request.on('error', reject);
    request.end(body);
  });

const json = { 'Content-Type': 'application/json' };
const search = (body: object | string): Sent => ({
  method: 'POST',
  path: '/api/v1/memories/search',
  headers: json,
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

describe('before Express and through it the answer is the same, to the last header:', () => {
  it.each<[string, () => Sent, number]>([
    ['one memory', () => ({ method: 'GET', path: `/api/v1/memories/${id}` }), 200],
    ['in capitals', () => ({ method: 'GET', path: `/api/v1/memories/${id.toUpperCase()}` }), 200],
    ['a slash at its end', () => ({ method: 'GET', path: `/api/v1/memories/${id}/` }), 200],
    ['an escape in it', () => ({ method: 'GET', path: `/api/v1/memories/%30${id.slice(1)}` }), 200],
    ['under a gateway prefix', () => ({ method: 'GET', path: `/api/memory/api/v1/memories/${id}` }), 200],
    ['HEAD', () => ({ method: 'HEAD', path: `/api/v1/memories/${id}` }), 200],
    ['its ETag', () => ({ method: 'GET', path: `/api/v1/memories/${id}`, headers: { 'If-None-Match': '"1"' } }), 304],
    ['an unknown id', () => ({ method: 'GET', path: '/api/v1/memories/018f0000-0000-7000-8000-000000000000' }), 404],
    ['no UUID', () => ({ method: 'GET', path: '/api/v1/memories/1%20OR%201=1' }), 400],
    ['an unknown query', () => ({ method: 'GET', path: `/api/v1/memories/${id}?x=1` }), 400],
    ['a query twice', () => ({ method: 'GET', path: `/api/v1/memories?user_id=a&user_id=b` }), 400],
    ['a list', () => ({ method: 'GET', path: '/api/v1/memories?user_id=ada' }), 200],
    ['another method', () => ({ method: 'PURGE', path: `/api/v1/memories/${id}` }), 405],
    ['an origin', () => ({ method: 'GET', path: '/api/v1/whoami', headers: { Origin: 'https://app.example' } }), 200],
    [
      'a strange origin',
      () => ({ method: 'GET', path: '/api/v1/whoami', headers: { Origin: 'https://x.example' } }),
      200,
    ],
    [
      'a preflight',
      () => ({
        method: 'OPTIONS',
        path: '/api/v1/memories/search',
        headers: { Origin: 'https://app.example', 'Access-Control-Request-Method': 'POST' },
      }),
      204,
    ],
    ['no key', () => ({ method: 'GET', path: '/api/v1/whoami', headers: { 'X-API-Key': '' } }), 401],
    ['a wrong key', () => ({ method: 'GET', path: '/api/v1/whoami', headers: { 'X-API-Key': 'x'.repeat(40) } }), 401],
    ['another tenant', () => ({ method: 'GET', path: '/api/v1/whoami', headers: { 'X-Tenant-ID': 'x' } }), 403],
    ['a search', () => search({ user_id: 'ada', query: 'tea', mode: 'keyword' }), 200],
    ['an unknown key in the body', () => search({ user_id: 'ada', query: 'tea', color: 1 }), 400],
    ['no JSON', () => search('{'), 400],
    ['a body that is no object', () => search('[]'), 400],
    ['no body', () => ({ method: 'POST', path: '/api/v1/memories/search', headers: json }), 400],
    ['another media type', () => ({ ...search('x=1'), headers: { 'Content-Type': 'text/plain' } }), 415],
  ])('%s', async (_, build, status) => {
    const [first, second] = [await exchange(hot, build()), await exchange(express, build())];
    expect(first.status).toBe(status);
    expect(first).toEqual(second);
  });

  it('the 429, its headers and the log line', async () => {
    const own = await createTestTenant();
    own.writePolicies({ ...defaultPolicies, rateLimits: { tenantPerMinute: 1, ipPerMinute: 100_000 } });
    const services = await Promise.all([
      startInProcess(own, { LOG_LEVEL: 'info' }),
      startInProcess(own, { LOG_LEVEL: 'info', MEMPLANE_HOT_PATH: 'false' }),
    ]);
    const whoami: Sent = { method: 'GET', path: '/api/v1/whoami', headers: { 'X-API-Key': own.adminKey } };
    const seen = [];
    for (const service of services) {
      await exchange(service, whoami);
      const answer = await exchange(service, whoami);
      const lines = service.logs.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'request');
      seen.push({
        answer,
        logs: lines.map(({ operation, status, method, key }) => ({ operation, status, method, key: !!key })),
      });
    }
    await own.drop();
    expect(seen[0]?.answer.status).toBe(429);
    expect(seen[0]).toEqual(seen[1]);
  });
});

describe('a gateway that must have received TLS', () => {
  it('is sent to https by 301, for what it received without; probes and the cluster itself are not', async () => {
    const service = await startInProcess(tenant, { MEMPLANE_REQUIRE_HTTPS: 'true' });
    const ask = (path: string, headers: Record<string, string>) => exchange(service, { method: 'GET', path, headers });
    const plain = { 'X-Forwarded-Proto': 'http', Host: 'acme.memory.example.com' };
    for (const path of ['/api/v1/whoami?x=1', '/docs']) {
      const answer = await ask(path, plain);
      expect(answer.status).toBe(301);
      expect(answer.headers).toContain(`Location: https://acme.memory.example.com${path}`);
      expect(answer.headers).toContain('Strict-Transport-Security: max-age=31536000');
    }
    expect((await ask('/api/v1/whoami', { ...plain, 'X-Forwarded-Proto': 'http, https' })).status).toBe(200);
    expect((await ask('/api/v1/whoami', {})).status).toBe(200);
    expect((await ask('/health', plain)).status).toBe(200);
    expect((await ask('/docs', { ...plain, Host: 'evil.example/x?' })).status).toBe(400);
    await service.stop();
  });
});
