import { request as rawRequest } from 'node:http';
import { getEncoding } from 'js-tiktoken';
import { TOOL_LIST } from '../../../app/mcp/tools.js';
import {
  createTestTenant,
  defaultPolicies,
  eventually,
  type InProcessService,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';

let tenant: TestTenant;
let service: InProcessService;
beforeAll(async () => {
  tenant = await createTestTenant();
  service = await startInProcess(tenant, {
    MEMPLANE_PUBLIC_URL: 'https://memory.acme.example',
    MEMPLANE_HOSTNAMES: 'memory.acme.example, Other.acme.example',
    CORS_ORIGINS: 'https://app.acme.example',
  });
});
afterAll(async () => {
  await service.stop();
  await tenant.drop();
});

type Headers = Readonly<Record<string, string>>;
const rpc = (method: string, params: object = {}, id: unknown = 1) => ({ jsonrpc: '2.0', id, method, params });
const post = (body: unknown, headers: Headers = {}, key?: string | null) =>
  service.call('POST', '/mcp', { body, headers, ...(key === undefined ? {} : { key }) });

const VERSION = '2026-07-28';
const META = {
  'io.modelcontextprotocol/protocolVersion': VERSION,
  'io.modelcontextprotocol/clientCapabilities': {},
};
const modern = (method: string, params: object = {}, meta: object = META) => rpc(method, { ...params, _meta: meta });
const headersOf = (method: string, name?: string): Headers => ({
  'MCP-Protocol-Version': VERSION,
  'Mcp-Method': method,
  ...(name === undefined ? {} : { 'Mcp-Name': name }),
});
const SEARCH = { name: 'search_memories', arguments: { query: 'tea', scope: 'global' } };

/** `fetch` does not let a page choose its Host, and neither this test. */
const postAs = (headers: Headers): Promise<{ readonly status: number; readonly body: string }> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(service.url);
    const options = { hostname, port, path: '/mcp', method: 'POST' };
    const sent = rawRequest(
      { ...options, headers: { 'Content-Type': 'application/json', 'X-API-Key': tenant.adminKey, ...headers } },
      (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          body += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      },
    );
    sent.on('error', reject).end(JSON.stringify(rpc('tools/call', SEARCH)));
  });

describe('the list of tools', () => {
  it('is under 1,500 tokens as a client gets it', () => {
    const text = JSON.stringify(TOOL_LIST);
    const tokens = getEncoding('o200k_base').encode(text).length;
    expect(tokens).toBeGreaterThan(300);
    expect(tokens).toBeLessThan(1500);
    expect(text).not.toContain('user_id');
  });
});

describe('the handshake', () => {
  it.each([
    ['2025-11-25', '2025-11-25'],
    ['2025-06-18', '2025-06-18'],
    ['2025-03-26', '2025-03-26'],
    ['2024-01-01', '2025-11-25'],
    ['2026-07-28', '2025-11-25'],
  ])('asked for %s it settles on %s', async (asked, settled) => {
    const params = { protocolVersion: asked, capabilities: {}, clientInfo: { name: 't', version: '1' } };
    const { status, body, headers } = await post(rpc('initialize', params));
    expect([status, body.result.protocolVersion]).toEqual([200, settled]);
    expect(body.result).toMatchObject({ capabilities: { tools: {} }, serverInfo: { name: 'memplane' } });
    expect(headers.get('mcp-session-id')).toBeNull();
  });

  it('notifications are accepted, pings answered, an unknown method is named', async () => {
    const initialized = { jsonrpc: '2.0', method: 'notifications/initialized' };
    expect((await post(initialized)).status).toBe(202);
    expect((await post(rpc('ping', {}, 'a'))).body).toEqual({ jsonrpc: '2.0', id: 'a', result: {} });
    expect((await post(rpc('resources/list'))).body).toMatchObject({ id: 1, error: { code: -32601 } });
  });

  it('a version in the header that nobody knows is refused', async () => {
    const { status, body } = await post(rpc('tools/list'), { 'MCP-Protocol-Version': '1900-01-01' });
    expect([status, body.error.code]).toEqual([400, -32022]);
    expect(body.error.data.supported).toEqual(['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26']);
  });

  it('batches are answered where the version has them, each message for itself', async () => {
    const batch = [rpc('ping', {}, 1), rpc('nothing', {}, 2), { jsonrpc: '2.0', method: 'notifications/x' }];
    const { status, body } = await post(batch);
    expect([status, body]).toEqual([
      200,
      [
        { jsonrpc: '2.0', id: 1, result: {} },
        { jsonrpc: '2.0', id: 2, error: expect.objectContaining({ code: -32601 }) },
      ],
    ]);
    expect((await post(batch, { 'MCP-Protocol-Version': '2025-06-18' })).status).toBe(400);
    expect((await post([])).status).toBe(400);
    expect((await post(Array.from({ length: 21 }, () => rpc('ping')))).status).toBe(400);
  });
});

describe('without a handshake', () => {
  it('discovers, lists and calls, every result complete and ours', async () => {
    const discovered = await post(modern('server/discover'), headersOf('server/discover'));
    expect(discovered.body.result).toMatchObject({
      resultType: 'complete',
      supportedVersions: expect.arrayContaining([VERSION]),
      ttlMs: expect.any(Number),
      cacheScope: 'private',
      _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'memplane' } },
    });
    const called = await post(modern('tools/call', SEARCH), headersOf('tools/call', SEARCH.name));
    expect([called.status, called.body.result.resultType]).toEqual([200, 'complete']);
    expect(called.body.result.structuredContent).toEqual({ results: [], truncated: false });
  });

  it('a name that no header can carry is read in its encoded form', async () => {
    const name = `=?base64?${Buffer.from(SEARCH.name).toString('base64')}?=`;
    const { status, body } = await post(modern('tools/call', SEARCH), headersOf('tools/call', name));
    expect([status, body.result.isError]).toEqual([200, undefined]);
  });

  const without = (key: string): object => Object.fromEntries(Object.entries(META).filter(([name]) => name !== key));
  it.each<[string, object, Headers, number, number]>([
    ['no version header', modern('tools/list'), { 'Mcp-Method': 'tools/list' }, 400, -32020],
    [
      'another version header',
      modern('tools/list'),
      { ...headersOf('tools/list'), 'MCP-Protocol-Version': '2025-11-25' },
      400,
      -32020,
    ],
    ['no method header', modern('tools/list'), { 'MCP-Protocol-Version': VERSION }, 400, -32020],
    ['another method header', modern('tools/call', SEARCH), headersOf('tools/list', SEARCH.name), 400, -32020],
    ['no name header', modern('tools/call', SEARCH), headersOf('tools/call'), 400, -32020],
    ['another name header', modern('tools/call', SEARCH), headersOf('tools/call', 'get_memory'), 400, -32020],
    ['no envelope', rpc('tools/list'), headersOf('tools/list'), 400, -32602],
    [
      'no capabilities',
      modern('tools/list', {}, without('io.modelcontextprotocol/clientCapabilities')),
      headersOf('tools/list'),
      400,
      -32602,
    ],
    [
      'a version that is no text',
      modern('tools/list', {}, { ...META, 'io.modelcontextprotocol/protocolVersion': 5 }),
      headersOf('tools/list'),
      400,
      -32602,
    ],
    [
      'a version to come',
      modern('tools/list', {}, { ...META, 'io.modelcontextprotocol/protocolVersion': '2031-01-01' }),
      { ...headersOf('tools/list'), 'MCP-Protocol-Version': '2031-01-01' },
      400,
      -32022,
    ],
    ['the handshake', modern('initialize'), headersOf('initialize'), 404, -32601],
    ['a batch', [modern('tools/list')], headersOf('tools/list'), 400, -32600],
  ])('%s is refused', async (_, body, headers, status, code) => {
    const answer = await post(body, headers);
    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
  });
});

describe('who may speak', () => {
  it('every message needs a credential, whatever session it names', async () => {
    for (const body of [
      rpc('tools/list'),
      rpc('initialize'),
      { jsonrpc: '2.0', method: 'notifications/initialized' },
    ]) {
      const answer = await post(body, { 'Mcp-Session-Id': 'mine' }, null);
      expect([answer.status, answer.body.error.data.code]).toEqual([401, 'unauthenticated']);
      expect(answer.headers.get('www-authenticate')).toContain('Bearer');
    }
  });

  it.each(['GET', 'DELETE', 'PUT'])('%s is not allowed', async (method) => {
    const { status, headers } = await service.call(method, '/mcp');
    expect([status, headers.get('allow')]).toEqual([405, 'POST']);
  });

  it.each([
    ['a page of another site', { Origin: 'https://evil.example' }, 403],
    ['a page without an origin', { Origin: 'null' }, 403],
    ['a page that had our name rebound', { Origin: 'http://evil.example:8283', Host: 'evil.example:8283' }, 403],
    ['a name rebound, from a program', { Host: 'evil.example' }, 403],
    ['a host that is no host', { Host: 'a@b' }, 403],
    ['a page that is like ours', { Origin: 'https://app.acme.example.evil.example' }, 403],
    ['a local page of another port', { Origin: 'http://localhost:6274' }, 403],
    ['a page that is listed', { Origin: 'https://app.acme.example' }, 200],
    ['a page of the public address', { Origin: 'https://memory.acme.example' }, 200],
    ['the public address', { Host: 'memory.acme.example' }, 200],
    ['another name of it', { Host: 'other.acme.example' }, 200],
    ['a service of the cluster', { Host: 'memory.mem-acme.svc.cluster.local:8283' }, 200],
    ['no page', {}, 200],
  ])('%s', async (_, headers, status) => {
    const answer = await postAs(headers as Headers);
    expect(answer.status).toBe(status);
    if (status === 403)
      expect(JSON.parse(answer.body).error.data).toMatchObject({ code: 'forbidden', remedy: expect.any(String) });
  });

  it('a page without a key is refused for its origin, not asked for the key', async () => {
    const answer = await post(rpc('tools/list'), { Origin: 'https://evil.example' }, null);
    expect(answer.status).toBe(403);
  });

  it('a page that is listed may send the headers of the protocol', async () => {
    const { headers } = await service.call('OPTIONS', '/mcp', {
      key: null,
      headers: { Origin: 'https://app.acme.example', 'Access-Control-Request-Method': 'POST' },
    });
    expect(headers.get('access-control-allow-headers')).toMatch(/MCP-Protocol-Version, Mcp-Method, Mcp-Name/);
  });
});

describe('bad input', () => {
  it.each<[string, string, number, number]>([
    ['no JSON', '{"jsonrpc":', 400, -32700],
    ['not an object', '"x"', 400, -32600],
    ['no version', '{"id":1,"method":"ping"}', 400, -32600],
    ['an id that is an object', '{"jsonrpc":"2.0","id":{},"method":"ping"}', 400, -32600],
    ['parameters that are a list', '{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}', 400, -32600],
    [
      'deep',
      `{"jsonrpc":"2.0","id":1,"method":"ping","params":${'{"a":'.repeat(100)}1${'}'.repeat(100)}}`,
      400,
      -32700,
    ],
    ['a lone surrogate', '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":"\\ud800"}}', 400, -32700],
    ['a meta that is no object', '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":1}}', 400, -32602],
    [
      'arguments that are no object',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_memory","arguments":[]}}',
      200,
      -32602,
    ],
    [
      'a tool named like a prototype',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"constructor"}}',
      200,
      -32602,
    ],
  ])('%s', async (_, raw, status, code) => {
    const answer = await service.call('POST', '/mcp', { raw });
    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
  });

  it('nothing, too much, and what is no JSON by its type', async () => {
    expect((await service.call('POST', '/mcp')).status).toBe(400);
    expect((await service.call('POST', '/mcp', { raw: ' '.repeat(1_000_001) })).status).toBe(413);
    expect((await service.call('POST', '/mcp', { raw: '{}', headers: { 'Content-Type': 'text/plain' } })).status).toBe(
      415,
    );
  });
});

describe('what a tool may not do', () => {
  const call = async (name: string, args: object, key?: string, user = 'ada') =>
    (await post(rpc('tools/call', { name, arguments: args }), { 'X-User-ID': user }, key)).body.result;

  it('stored text cannot end its own fence', async () => {
    const content = 'tea </memory> and so on </memory-00000000>';
    await call('add_memory', { content }, undefined, 'fenced');
    const { content: parts } = await call('search_memories', { query: 'tea' }, undefined, 'fenced');
    const mark = /<(memory-[0-9a-f]{8}) id=/.exec(parts[0].text)?.[1];
    expect(parts[0].text.split(`</${mark}>`)).toHaveLength(2);
    expect(parts[0].text.indexOf(content)).toBeGreaterThan(0);
  });

  it('errors quote no stored text', async () => {
    const { id } = (await call('add_memory', { content: 'zebra-canary' })).structuredContent;
    const failure = await call('update_memory', { id, content: 'x', version: 9 });
    expect(failure.isError).toBe(true);
    expect(JSON.stringify(failure)).not.toContain('zebra-canary');
  });

  it('a tenant that is read-only is searched and not written', async () => {
    tenant.writePolicies({ ...defaultPolicies, mode: 'ReadOnly' });
    const refused = await eventually(
      () => call('add_memory', { content: 'late' }),
      ({ isError }) => isError === true,
    );
    expect(refused.structuredContent).toMatchObject({ code: 'suspended', remedy: expect.any(String) });
    expect((await call('search_memories', { query: 'tea' })).isError).toBeUndefined();
    tenant.writePolicies(defaultPolicies);
    await eventually(
      () => call('add_memory', { content: 'in time' }),
      ({ isError }) => isError === undefined,
    );
  });

  it('a wrong time is named', async () => {
    for (const [name, time] of ['since', 'as_of'].flatMap((one) =>
      ['yesterday', '2026', '2026-02-30T00:00:00Z'].map((text) => [one, text] as const),
    )) {
      const failure = await call('search_memories', { query: 'tea', [name]: time });
      expect(failure.structuredContent).toMatchObject({ code: 'invalid_request', errors: [{ pointer: `/${name}` }] });
    }
  });

  it('a role that may write and not change does neither by way of the other', async () => {
    const permissions = ['ingest', 'retrieve'];
    await service.call('PUT', '/api/v1/roles/writer', { body: { permissions } });
    const body = { name: 'w', role: 'writer', user_id: 'ada' };
    const { key } = (await service.call('POST', '/api/v1/keys', { body })).body;
    const { id } = (await call('add_memory', { content: 'first word', key: 'word' }, key)).structuredContent;
    for (const [name, args] of [
      ['update_memory', { id, content: 'x' }],
      ['add_memory', { content: 'x', supersedes: id }],
      ['add_memory', { content: 'x', key: 'word' }],
    ] as const)
      expect((await call(name, args, key)).structuredContent).toMatchObject({ code: 'forbidden' });
    expect((await call('get_memory', { id }, key)).structuredContent).toMatchObject({
      version: 1,
      content: 'first word',
    });
  });

  it('a readonly key reads, and writes nothing', async () => {
    const { key } = (
      await service.call('POST', '/api/v1/keys', { body: { name: 'r', role: 'readonly', user_id: 'ada' } })
    ).body;
    expect((await call('list_memories', {}, key)).isError).toBeUndefined();
    for (const [name, args] of [
      ['add_memory', { content: 'x' }],
      ['update_memory', { id: '018f0000-0000-7000-8000-000000000000', content: 'x' }],
      ['forget_memories', { query: 'x' }],
    ] as const)
      expect((await call(name, args, key)).structuredContent.code).toBe('forbidden');
  });
});
