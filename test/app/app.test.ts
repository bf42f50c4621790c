import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { jest } from '@jest/globals';
import fc from 'fast-check';
import { buildApiReference } from '../../app/http/reference.js';
import { createTestTenant, type InProcessService, startInProcess, type TestTenant } from '../support/memory-service.js';

jest.setTimeout(90_000);

let tenant: TestTenant;
let service: InProcessService;
beforeAll(async () => {
  tenant = await createTestTenant();
  service = await startInProcess(tenant, { CORS_ORIGINS: 'https://app.example', LOG_LEVEL: 'debug' });
});
afterAll(async () => {
  await service.stop();
  await tenant.drop();
});

const MEMORIES = '/api/v1/memories';

describe('every answer', () => {
  it.each([
    ['an error', 'GET', '/api/v1/memories/nothing', 400],
    ['a page that is not there', 'GET', '/nothing', 404],
    ['a refusal', 'GET', '/api/v1/keys', 200],
    ['a probe', 'GET', '/health', 200],
  ])('%s carries the security headers and a request id', async (_, method, path, status) => {
    const answer = await service.call(method, path);
    expect(answer.status).toBe(status);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'x-xss-protection': '1; mode=block',
      'strict-transport-security': 'max-age=31536000',
      'cache-control': 'no-store',
      'x-request-id': expect.stringMatching(/^[0-9a-f]{24}$/),
    });
    expect(answer.headers.get('x-powered-by')).toBeNull();
  });

  it('keeps the request id it was sent, if that is harmless', async () => {
    const send = async (id: string) =>
      (await service.call('GET', '/health', { headers: { 'X-Request-ID': id } })).headers.get('x-request-id');
    expect(await send('abc-123')).toBe('abc-123');
    expect(await send('a b"c')).not.toBe('a b"c');
  });

  it('of the API carries both limits', async () => {
    const { headers } = await service.call('GET', '/api/v1/whoami');
    expect(headers.get('ratelimit-policy')).toBe('"tenant";q=100000;w=60, "ip";q=100000;w=60');
    expect(headers.get('ratelimit')).toMatch(/^"tenant";r=\d+;t=\d+, "ip";r=\d+;t=\d+$/);
    expect(headers.get('x-ratelimit-remaining')).toMatch(/^\d+$/);
  });

  it('that is an error is a problem document with a remedy', async () => {
    const { body, headers } = await service.call('POST', MEMORIES, {
      body: { content: 'x', user_id: 'a', colour: 'red' },
    });
    expect(headers.get('content-type')).toContain('application/problem+json');
    expect(body).toMatchObject({
      type: 'https://memplane.dev/problems/invalid_request',
      status: 400,
      code: 'invalid_request',
      remedy: expect.any(String),
      requestId: headers.get('x-request-id'),
      errors: [{ pointer: '/colour', code: 'unknown_key' }],
    });
  });
});

describe('what is not well-formed is refused, never a server error', () => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const nested = JSON.stringify({
    content: 'x',
    user_id: 'a',
    metadata: JSON.parse(`${'{"a":'.repeat(70)}1${'}'.repeat(70)}`),
  });
  it.each<[string, string | Uint8Array, number, string]>([
    ['broken JSON', '{"content":', 400, 'not valid JSON'],
    ['nothing', '', 400, 'needs a JSON body'],
    ['a list', '[]', 400, 'must be object'],
    ['null', 'null', 400, 'must be object'],
    ['100,000 levels', deep, 400, 'cannot be stored'],
    ['70 levels of metadata', nested, 400, 'cannot be stored'],
    ['no UTF-8', Uint8Array.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 400, 'UTF-8'],
    ['half a surrogate', '{"content":"\\ud800","user_id":"a"}', 400, 'cannot be stored'],
    ['half a surrogate as a key', '{"content":"x","user_id":"a","metadata":{"\\udc00":1}}', 400, 'cannot be stored'],
    ['U+0000', '{"content":"a\\u0000b","user_id":"a"}', 400, 'cannot be stored'],
    ['U+0000 in metadata', '{"content":"a","user_id":"a","metadata":{"k":["\\u0000"]}}', 400, 'cannot be stored'],
    ['a number out of range', '{"content":"x","user_id":"a","confidence":1e999}', 400, 'cannot be stored'],
    ['__proto__', '{"content":"x","user_id":"a","metadata":{"__proto__":{"admin":true}}}', 400, 'cannot be stored'],
    [
      'constructor.prototype',
      '{"content":"x","user_id":"a","metadata":{"constructor":{"prototype":{}}}}',
      400,
      'cannot be stored',
    ],
    ['an unknown key', '{"content":"x","user_id":"a","tenant_id":"b"}', 400, 'not a known key'],
    ['no content', '{"user_id":"a"}', 400, 'required'],
    ['empty content', '{"content":"","user_id":"a"}', 400, 'fewer than 1'],
    ['an unknown scope', '{"content":"x","user_id":"a","scope":"galaxy"}', 400, 'must be one of'],
    ['a vector of nothing', '{"content":"x","user_id":"a","vector":[]}', 400, '/vector must NOT have fewer than'],
    ['a vector with a hole', '{"content":"x","user_id":"a","vector":[1,null]}', 400, '/vector/1 must be number'],
    ['a vector that is no list and no text', '{"content":"x","user_id":"a","vector":5}', 400, '/vector must be array'],
    ['a confidence above one', '{"content":"x","user_id":"a","confidence":1.1}', 400, '<= 1'],
    [
      'a day that does not exist',
      '{"content":"x","user_id":"a","expires_at":"2024-02-30T00:00:00Z"}',
      400,
      'not a time that exists',
    ],
    ['a time without zone', '{"content":"x","user_id":"a","expires_at":"2024-02-20T00:00:00"}', 400, 'pattern'],
    ['a vector with a text', '{"content":"x","user_id":"a","vector":["1"]}', 400, 'must be'],
    [
      'a vector of NaN',
      JSON.stringify({
        content: 'x',
        user_id: 'a',
        vector: Buffer.from(new Float32Array(64).fill(Number.NaN).buffer).toString('base64'),
      }),
      400,
      'finite',
    ],
    [
      'a vector of zeros',
      JSON.stringify({ content: 'x', user_id: 'a', vector: new Array(64).fill(0) }),
      400,
      'no direction',
    ],
    [
      'a vector of the wrong size',
      JSON.stringify({ content: 'x', user_id: 'a', vector: [1, 2, 3] }),
      422,
      '3 dimensions',
    ],
    ['a vector of odd bytes', '{"content":"x","user_id":"a","vector":"AAAAAAA="}', 400, 'multiple of four'],
    ['a vector that is no base64', '{"content":"x","user_id":"a","vector":"AAAAA"}', 400, 'not base64'],
    [
      'a vector of another model',
      JSON.stringify({ content: 'x', user_id: 'a', vector: new Array(64).fill(1), embedding_model: 'other' }),
      422,
      "tenant's model",
    ],
    [
      'metadata beyond measure',
      JSON.stringify({ content: 'x', user_id: 'a', metadata: { a: 'x'.repeat(70_000) } }),
      400,
      'metadata is longer',
    ],
    ['1,001 drafts', JSON.stringify({ memories: new Array(1001).fill({ content: 'x' }) }), 400, 'more than 1000'],
    ['no drafts', '{"memories":[]}', 400, 'fewer than 1'],
    ['drafts that are none', '{"memories":[1,null,"x"]}', 422, 'nothing was written'],
  ])('%s', async (_, raw, status, says) => {
    const answer = await service.call('POST', MEMORIES, { raw });
    expect([answer.status, `${answer.body.detail} ${JSON.stringify(answer.body.errors ?? '')}`]).toEqual([
      status,
      expect.stringContaining(says),
    ]);
  });

  it.each([
    ['an id that is none', 'GET', `${MEMORIES}/1`, 400],
    ['a path that cannot be decoded', 'GET', `${MEMORIES}/%E0%A4%A`, 400],
    ['an unknown parameter', 'GET', `${MEMORIES}?user_id=a&colour=red`, 400],
    ['a parameter twice', 'GET', `${MEMORIES}?user_id=a&user_id=b`, 400],
    ['a limit that is no number', 'GET', `${MEMORIES}?user_id=a&limit=x`, 400],
    ['a limit of zero', 'GET', `${MEMORIES}?user_id=a&limit=0`, 400],
    ['a cursor that is none', 'GET', `${MEMORIES}?user_id=a&cursor=abc`, 400],
    ['U+0000 in the query', 'GET', `${MEMORIES}?user_id=a%00b`, 400],
    ['a query that is no UTF-8', 'GET', `${MEMORIES}?user_id=%ff`, 400],
    ['a query that cannot be decoded', 'GET', `${MEMORIES}?user_id=%E0%A4%A`, 400],
    ['another method', 'PUT', MEMORIES, 405],
    ['a method nobody knows', 'PROPFIND', `${MEMORIES}/x`, 405],
    ['another path', 'GET', '/api/v1/nothing', 404],
  ])('%s', async (_, method, path, status) => {
    expect((await service.call(method, path)).status).toBe(status);
  });

  it('a limit above the maximum has a code of its own, and a 405 says what is allowed', async () => {
    expect((await service.call('GET', `${MEMORIES}?user_id=a&limit=1001`)).body.code).toBe('limit_too_large');
    expect((await service.call('PUT', MEMORIES)).headers.get('allow')).toBe('POST, GET, HEAD');
  });

  it('a body of another type, or compressed', async () => {
    const send = (headers: Record<string, string>) => service.call('POST', MEMORIES, { raw: '{}', headers });
    expect((await send({ 'Content-Type': 'text/plain' })).status).toBe(415);
    expect((await send({ 'Content-Encoding': 'gzip' })).status).toBe(415);
    const charset = (name: string) => send({ 'Content-Type': `application/json; charset=${name}` });
    for (const name of ['utf-8', 'UTF8', '"us-ascii"']) expect((await charset(name)).status).toBe(400);
    const other = await charset('utf-16');
    expect(other.body).toMatchObject({ status: 415, remedy: expect.stringContaining('charset=utf-8') });
  });

  it('a body that names a member twice: a proxy in front may have looked at the other one', async () => {
    const raw = '{"content":"x","user_id":"ada","user_id":"grace"}';
    const { status, body } = await service.call('POST', MEMORIES, { raw });
    expect([status, body.code, body.errors[0].pointer]).toEqual([400, 'invalid_request', '/user_id']);
  });

  it('a declared body of more than 50 MB is refused before it is read', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const outgoing = httpRequest(`${service.url}${MEMORIES}`, {
        method: 'POST',
        headers: { 'X-API-Key': tenant.adminKey, 'Content-Type': 'application/json', 'Content-Length': '60000000' },
      });
      outgoing.once('response', (response) => {
        resolve(response.statusCode);
        outgoing.destroy();
      });
      outgoing.once('error', reject);
      outgoing.write('{');
    });
    expect(status).toBe(413);
  });

  it('an undeclared one is refused when it gets there', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const outgoing = httpRequest(`${service.url}${MEMORIES}`, {
        method: 'POST',
        headers: { 'X-API-Key': tenant.adminKey, 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked' },
      });
      outgoing.once('response', (response) => {
        resolve(response.statusCode);
        outgoing.destroy();
      });
      outgoing.once('error', reject);
      const chunk = Buffer.alloc(1_000_000, 0x20);
      for (let sent = 0; sent < 52; sent++) outgoing.write(chunk);
    });
    expect(status).toBe(413);
  });

  it('a client that reads nothing before it has sent all gets the answer all the same', async () => {
    const total = 52_000_000;
    const text = await new Promise<string>((resolve, reject) => {
      const socket = connect(service.port, '127.0.0.1').pause();
      socket.once('error', reject);
      socket.write(
        `POST ${MEMORIES} HTTP/1.1\r\nHost: a\r\nX-API-Key: ${tenant.adminKey}\r\nContent-Type: application/json\r\nContent-Length: ${total}\r\n\r\n`,
      );
      const chunk = Buffer.alloc(1_000_000, 0x20);
      const send = (left: number): void => {
        if (left > 0) return void socket.write(chunk, () => send(left - chunk.length));
        const received: Buffer[] = [];
        socket
          .on('data', (bytes) => received.push(bytes))
          .once('close', () => resolve(String(Buffer.concat(received))));
        socket.resume();
      };
      send(total);
    });
    expect(text).toMatch(/^HTTP\/1\.1 413 /);
    expect(text).toContain('body_too_large');
  });

  it('says which field, what it must be, and what came instead', async () => {
    const send = async (body: object) => (await service.call('POST', MEMORIES, { body })).body.errors[0].detail;
    expect(await send({ user_id: 'a', content: 'x', expires_at: 'tomorrow' })).toBe(
      '/expires_at must be a time with its zone, like 2026-01-31T12:00:00Z, not "tomorrow"',
    );
    expect(await send({ user_id: 'a', content: 'x', id: '7' })).toBe(
      '/id must be a UUID, and not the nil UUID, not "7"',
    );
    expect(await send({ user_id: 'a', content: 'x', confidence: 3 })).toBe('/confidence must be <= 1, not 3');
    expect(await send({ user_id: 'a', content: 'x'.repeat(100_001) })).toContain('(it has 100001)');
    const { body } = await service.call('POST', '/api/v1/keys', {
      body: { name: 'a', role: 'admin', expires_in: 'ever' },
    });
    expect(body.errors[0].detail).toMatch(/for example 90d.*not "ever"/);
  });

  it('says once what a value may be that may also be null', async () => {
    const { id } = (await service.call('POST', MEMORIES, { body: { user_id: 'a', content: 'fine' } })).body;
    const { body } = await service.call('POST', `${MEMORIES}/${id}/feedback`, { body: { value: 'meh' } });
    expect(body.errors).toEqual([
      {
        pointer: '/value',
        code: 'enum',
        detail: '/value must be one of positive, negative, very_negative, not "meh"',
      },
    ]);
  });

  it('what is not HTTP is told so, with the same headers', async () => {
    const text = await new Promise<string>((resolve) => {
      const socket = connect(service.port, '127.0.0.1');
      let received = '';
      socket.on('data', (chunk) => {
        received += chunk.toString();
      });
      socket.once('close', () => resolve(received));
      socket.write('HELLO\r\n\r\n');
    });
    expect(text).toMatch(/^HTTP\/1\.1 400/);
    expect(text).toContain('X-Frame-Options: DENY');
    expect(text).toContain('"code":"invalid_request"');
  });
});

describe('whatever is sent', () => {
  const odd = fc.oneof(
    fc.constantFrom(
      null,
      '',
      '\u202e',
      'ü'.normalize('NFD'),
      '2024-02-30T00:00:00Z',
      '-1',
      1e308,
      -0,
      2 ** 53,
      true,
      [],
      {},
    ),
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.double(),
    fc.json({ maxDepth: 3 }).map((text) => JSON.parse(text) as unknown),
  );
  const keys = [
    'content',
    'id',
    'user_id',
    'agent_id',
    'key',
    'namespace',
    'scope',
    'team_id',
    'confidence',
    'metadata',
    'expires_at',
    'valid_from',
    'source',
    'vector',
    'query',
    'limit',
    'threshold',
    'include',
    'mode',
    'memories',
    'on_error',
  ];
  const body = fc.oneof(
    odd,
    fc.dictionary(fc.constantFrom(...keys), odd),
    fc.record({ content: fc.string(), user_id: fc.string(), metadata: fc.dictionary(fc.string(), odd) }),
  );

  it('as a body is stored or refused, never a server error', async () => {
    const property = fc.asyncProperty(
      fc.constantFrom(MEMORIES, `${MEMORIES}/search`, '/api/v1/keys'),
      body,
      async (path, sent) => {
        const { status } = await service.call('POST', path, { body: sent });
        expect([200, 201, 400, 403, 409, 413, 415, 422, 501]).toContain(status);
      },
    );
    await fc.assert(property, { numRuns: 400, seed: 20261121 });
  });

  it('as a patch is applied or refused, never a server error', async () => {
    const { id } = (await service.call('POST', MEMORIES, { body: { content: 'x', user_id: 'a' } })).body;
    const property = fc.asyncProperty(body, async (sent) => {
      const { status } = await service.call('PATCH', `${MEMORIES}/${id}`, { body: sent });
      expect([200, 400, 413, 415, 422]).toContain(status);
    });
    await fc.assert(property, { numRuns: 100, seed: 20261121 });
  });

  it('as a query is answered or refused, never a server error', async () => {
    const name = fc.constantFrom(
      'user_id',
      'agent_id',
      'scope',
      'status',
      'limit',
      'cursor',
      'order',
      'count',
      'include',
    );
    const value = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.constantFrom('0', '1', '-1', '1e3', 'true', 'user', 'active', 'AAAA'),
    );
    const property = fc.asyncProperty(fc.dictionary(name, value), async (query) => {
      const { status } = await service.call('GET', `${MEMORIES}?${new URLSearchParams(query)}`);
      expect([200, 400]).toContain(status);
    });
    await fc.assert(property, { numRuns: 200, seed: 20261121 });
  });
});

describe('CORS', () => {
  it('names a listed origin, and no other', async () => {
    const ask = async (origin: string) =>
      (await service.call('GET', '/health', { headers: { Origin: origin } })).headers.get(
        'access-control-allow-origin',
      );
    expect(await ask('https://app.example')).toBe('https://app.example');
    expect(await ask('https://evil.example')).toBeNull();
  });

  it('answers a preflight without a key', async () => {
    const headers = { Origin: 'https://app.example', 'Access-Control-Request-Method': 'POST' };
    const answer = await service.call('OPTIONS', MEMORIES, { headers, key: null });
    expect([answer.status, answer.headers.get('access-control-allow-headers')]).toEqual([
      204,
      expect.stringContaining('X-API-Key'),
    ]);
  });
});

describe('descriptions', () => {
  it.each(['/docs', '/openapi.json'])('%s tells of probes, metrics, MCP and the log’s files too', async (path) => {
    const text = JSON.stringify((await service.call('GET', path, { key: null })).body);
    for (const named of ['/health/detailed', '/metrics', 'POST /mcp', '/api/v1/audit/tile/'])
      expect(text).toContain(named);
  });

  it('/openapi.json lists every route with its permission and its problem document', async () => {
    const { body } = await service.call('GET', '/openapi.json', { key: null });
    expect(Object.keys(body.paths)).toEqual(
      expect.arrayContaining([
        '/api/v1/keys',
        '/api/v1/keys/{id}',
        '/api/v1/memories',
        '/api/v1/memories/by-key/{key}',
        '/api/v1/memories/search',
        '/api/v1/memories/{id}',
        '/api/v1/memories/{id}/history',
        '/api/v1/whoami',
      ]),
    );
    expect(body.paths['/api/v1/memories'].post.requestBody.content['application/json'].schema.anyOf).toHaveLength(2);
  });

  it('docs/reference/api.md in the tree is the one that the routes give', async () => {
    const { body } = await service.call('GET', '/openapi.json');
    const text = readFileSync('docs/reference/api.md', 'utf8');
    if (text !== buildApiReference(body))
      throw new Error('docs/reference/api.md is not up to date: run npm run generate');
    for (const path of Object.keys(body.paths)) expect(text).toContain(`${path}\``);
  });

  it('/openapi.json names the headers that a route heeds', async () => {
    const { paths } = (await service.call('GET', '/openapi.json', { key: null })).body;
    const headersOf = (operation: { readonly parameters: readonly { readonly in: string; readonly name: string }[] }) =>
      operation.parameters.flatMap((parameter) => (parameter.in === 'header' ? [parameter.name] : []));
    expect(headersOf(paths['/api/v1/memories'].post)).toEqual(['Idempotency-Key']);
    expect(headersOf(paths['/api/v1/memories/{id}'].patch)).toEqual(['If-Match']);
    expect(headersOf(paths['/api/v1/memories/by-key/{key}'].put)).toEqual(['If-Match', 'If-None-Match']);
    expect(headersOf(paths['/api/v1/memories'].get)).toEqual([]);
  });

  it('/docs is a page that loads nothing else', async () => {
    const { body, status } = await service.call('GET', '/docs', { key: null });
    expect(status).toBe(200);
    expect(body).not.toMatch(/<script|<link|https?:\/\//);
  });

  it('the prefixes of the documents lead to the same routes', async () => {
    expect((await service.call('GET', '/api/memory/api/v1/whoami')).status).toBe(200);
  });
});

it('no log line holds content, identities or keys, whatever happens', async () => {
  const canary = 'canary-7f3a';
  const key = `mb_${canary}-${'x'.repeat(40)}`;
  await service.call('POST', MEMORIES, { body: { user_id: canary, content: canary, metadata: { [canary]: canary } } });
  await service.call('POST', MEMORIES, { body: { user_id: canary, content: canary, [canary]: 1 } });
  await service.call('POST', MEMORIES, { raw: `{"${canary}` });
  await service.call('POST', `${MEMORIES}/search`, { body: { user_id: canary, query: canary } });
  await service.call('GET', `${MEMORIES}?user_id=${canary}&${canary}=1`);
  await service.call('GET', `/${canary}`, { key });
  const lines = service.logs.join('');
  expect(lines).toContain('"operation":"searchMemories"');
  expect(lines).not.toContain(canary);
});
