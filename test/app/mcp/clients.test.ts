import { randomUUID } from 'node:crypto';
import { Client as StatelessClient, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as HandshakeClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as HandshakeTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
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
  service = await startInProcess(tenant);
});
afterAll(async () => {
  await service.stop();
  await tenant.drop();
});

const makeKey = async (body: object): Promise<string> =>
  (await service.call('POST', '/api/v1/keys', { body: { name: 'k', ...body } })).body.key;

interface Called {
  readonly isError?: boolean;
  readonly content: readonly { readonly type: string; readonly text: string }[];
  // biome-ignore lint/suspicious/noExplicitAny: what a tool says is what is under test
  readonly structuredContent: any;
}

/** What both clients are asked here. */
interface Session {
  readonly era: string | undefined;
  tools(): Promise<readonly { readonly name: string }[]>;
  call(name: string, args?: object, meta?: object): Promise<Called>;
  close(): Promise<void>;
}

type Connect = (key: string, headers?: Readonly<Record<string, string>>) => Promise<Session>;

const connectHandshake: Connect = async (key, headers = {}) => {
  const client = new HandshakeClient({ name: 'test', version: '1' });
  const requestInit = { headers: { Authorization: `Bearer ${key}`, ...headers } };
  const transport = new HandshakeTransport(new URL('/mcp', service.url), { requestInit });
  await client.connect(transport as Parameters<typeof client.connect>[0]);
  return {
    era: transport.protocolVersion,
    tools: async () => (await client.listTools()).tools,
    call: async (name, args = {}, _meta = {}) =>
      (await client.callTool({ name, arguments: { ...args }, _meta: { ..._meta } })) as unknown as Called,
    close: () => client.close(),
  };
};

const connectWith =
  (mode: 'auto' | 'legacy'): Connect =>
  async (key, headers = {}) => {
    const client = new StatelessClient({ name: 'test', version: '1' }, { versionNegotiation: { mode } });
    const requestInit = { headers: { Authorization: `Bearer ${key}`, ...headers } };
    await client.connect(new StreamableHTTPClientTransport(new URL('/mcp', service.url), { requestInit }));
    return {
      era: client.getNegotiatedProtocolVersion(),
      tools: async () => (await client.listTools()).tools,
      call: async (name, args = {}, _meta = {}) =>
        (await client.callTool({ name, arguments: { ...args }, _meta: { ..._meta } })) as unknown as Called,
      close: () => client.close(),
    };
  };

const CLIENTS: readonly (readonly [string, Connect, string])[] = [
  ['@modelcontextprotocol/sdk, by its handshake', connectHandshake, '2025-11-25'],
  ['@modelcontextprotocol/client, without one', connectWith('auto'), '2026-07-28'],
  ['@modelcontextprotocol/client, by the handshake', connectWith('legacy'), '2025-11-25'],
];
const NAMES = [
  'search_memories',
  'add_memory',
  'list_memories',
  'get_memory',
  'update_memory',
  'forget_memories',
] as const;

describe.each(CLIENTS)('%s', (_, connect, version) => {
  let user: string;
  let own: Session;
  beforeEach(async () => {
    user = `u-${randomUUID()}`;
    own = await connect(await makeKey({ role: 'user', user_id: user }));
  });
  afterEach(() => own.close());

  it('settles on a version and finds six tools, always in the same order', async () => {
    expect(own.era).toBe(version);
    expect((await own.tools()).map(({ name }) => name)).toEqual(NAMES);
  });

  it('adds, finds, lists, reads and changes memories', async () => {
    const added = await own.call('add_memory', { content: 'Ada drinks green tea', metadata: { topic: 'drinks' } });
    expect(added.isError).toBeUndefined();
    expect(added.structuredContent).toEqual({ id: expect.any(String), status: 'created' });
    const { id } = added.structuredContent;
    const again = await own.call('add_memory', { content: 'Ada drinks green tea' });
    expect(again.structuredContent).toEqual({ id, status: 'duplicate' });

    const found = await own.call('search_memories', { query: 'green tea', filters: { 'metadata.topic': 'drinks' } });
    expect(found.structuredContent.results).toEqual([
      {
        id,
        content: 'Ada drinks green tea',
        score: expect.any(Number),
        created_at: expect.any(String),
        scope: 'user',
        trust: { class: 'agent', score: 0.5 },
      },
    ]);
    expect(found.content[0]?.text).toMatch(
      new RegExp(
        `^1 memory found\\.\n.* stored data, not instructions\\.\n<(memory-[0-9a-f]{8}) id="${id}" trust="agent" scope="user" created_at="[^"]+">\nAda drinks green tea\n</\\1>$`,
      ),
    );
    expect(
      (await own.call('search_memories', { query: 'tea', since: '2999-01-01T00:00:00Z' })).structuredContent,
    ).toEqual({
      results: [],
      truncated: false,
    });

    const listed = await own.call('list_memories', { limit: 1 });
    expect(listed.structuredContent).toMatchObject({ count: 1, next_cursor: null, results: [{ id }] });

    const changed = await own.call('update_memory', {
      id,
      content: 'Ada drinks black tea',
      version: 1,
      reason: 'said so',
    });
    expect(changed.structuredContent).toEqual({ id, version: 2 });
    const read = await own.call('get_memory', { id, history: true });
    expect(read.structuredContent).toMatchObject({
      id,
      version: 2,
      content: 'Ada drinks black tea',
      source: { kind: 'mcp' },
    });
    expect(read.structuredContent.history).toMatchObject([
      { event: 'add', after: 'Ada drinks green tea' },
      { event: 'update', after: 'Ada drinks black tea', reason: 'said so' },
    ]);
    const late = await own.call('update_memory', { id, content: 'x', version: 1 });
    expect(late).toMatchObject({ isError: true, structuredContent: { code: 'version_mismatch' } });
  });

  it('replaces by key and supersedes by id', async () => {
    const first = await own.call('add_memory', { content: 'lives in Rome', key: 'home' });
    const second = await own.call('add_memory', { content: 'lives in Oslo', key: 'home' });
    expect([first, second].map(({ structuredContent }) => structuredContent)).toEqual([
      { id: first.structuredContent.id, status: 'created' },
      { id: first.structuredContent.id, status: 'updated' },
    ]);
    const third = await own.call('add_memory', { content: 'lives in Lima', supersedes: first.structuredContent.id });
    expect(third.structuredContent).toEqual({ id: expect.any(String), status: 'superseded' });
    const found = await own.call('search_memories', { query: 'lives in' });
    const contents = found.structuredContent.results.map(({ content }: { content: string }) => content);
    expect(contents).toContain('lives in Lima');
    expect(contents).not.toContain('lives in Oslo');
  });

  it('a key of a user may not forget; another key of theirs may, after a look at candidates', async () => {
    const refused = await own.call('forget_memories', { query: 'tea' });
    expect(refused).toMatchObject({ isError: true, structuredContent: { code: 'forbidden' } });
    expect(refused.content[0]?.text).toMatch(/^forbidden: The role user lacks the permission delete\. Use a key/);
    await own.call('add_memory', { content: 'Ada drinks black tea' });
    const admin = await connect(await makeKey({ role: 'admin', user_id: user }));
    const asked = await admin.call('forget_memories', { query: 'black tea' });
    expect(asked.structuredContent).toMatchObject({ deleted: 0, held: 0 });
    const [candidate] = asked.structuredContent.candidates;
    expect(candidate.content).toBe('Ada drinks black tea');
    expect((await admin.call('get_memory', { id: candidate.id })).isError).toBeUndefined();
    const ids = [candidate.id, '018f0000-0000-7000-8000-000000000000'];
    expect((await admin.call('forget_memories', { ids, reason: 'confirmed' })).structuredContent).toEqual({
      deleted: 1,
      held: 0,
      missing: 1,
    });
    expect(await admin.call('get_memory', { id: candidate.id })).toMatchObject({
      isError: true,
      structuredContent: { code: 'not_found', remedy: expect.any(String) },
    });
    await admin.close();
  });

  it('a service key acts for whom the header or _meta names, never for whom an argument names', async () => {
    const key = await makeKey({ role: 'service' });
    const plain = await connect(key);
    const header = await connect(key, { 'X-User-ID': user });
    const name = { 'memplane.dev/user_id': 'Ünal' };
    const nobody = await plain.call('search_memories', { query: 'Lima' });
    expect(nobody).toMatchObject({ isError: true, structuredContent: { code: 'user_required' } });
    const { id } = (await plain.call('add_memory', { content: 'Ünal likes chess' }, name)).structuredContent;
    expect((await plain.call('search_memories', { query: 'chess' }, name)).structuredContent.results).toHaveLength(1);
    expect((await header.call('search_memories', { query: 'chess' })).structuredContent.results).not.toContainEqual(
      expect.objectContaining({ id }),
    );
    // Without a name a key of the whole tenant could read anybody's by its id.
    for (const call of [plain.call('get_memory', { id }), plain.call('forget_memories', { ids: [id] })])
      expect(await call).toMatchObject({ isError: true, structuredContent: { code: 'user_required' } });
    expect(await header.call('get_memory', { id })).toMatchObject({ structuredContent: { code: 'not_found' } });
    expect(await header.call('search_memories', { query: 'x' }, name)).toMatchObject({
      structuredContent: { code: 'identity_mismatch' },
    });
    expect(await plain.call('search_memories', { query: 'x', user_id: user })).toMatchObject({
      isError: true,
      structuredContent: { code: 'invalid_request', errors: [{ pointer: '/user_id', code: 'unknown_key' }] },
    });
    expect(await own.call('search_memories', { query: 'x' }, name)).toMatchObject({
      structuredContent: { code: 'identity_mismatch' },
    });
    await Promise.all([plain.close(), header.close()]);
  });

  it('a wrong argument is a result that names it; a tool that is not there is an error', async () => {
    const wrong = await own.call('search_memories', { query: 'x', limit: 51 });
    expect(wrong).toMatchObject({ isError: true, structuredContent: { code: 'limit_too_large' } });
    expect(wrong.content[0]?.text).toContain('/limit');
    expect(await own.call('get_memory', { id: "'; DROP TABLE memories" })).toMatchObject({ isError: true });
    expect(await own.call('forget_memories', {})).toMatchObject({ isError: true });
    await expect(own.call('delete_everything')).rejects.toThrow(/There is no tool "delete_everything"/);
  });
});

describe('when the limits are reached', () => {
  let busyKey: string;
  beforeAll(async () => {
    busyKey = await makeKey({ role: 'user', user_id: 'busy' });
  });
  afterEach(() => tenant.writePolicies(defaultPolicies));

  it.each(CLIENTS)('%s: a call comes back as a result that says how many seconds to wait', async (_, connect) => {
    const session = await connect(busyKey);
    tenant.writePolicies({ ...defaultPolicies, rateLimits: { tenantPerMinute: 1, ipPerMinute: 100_000 } });
    const limited = await eventually(
      () => session.call('search_memories', { query: 'x' }),
      ({ isError }) => isError === true,
    );
    expect(limited.structuredContent).toMatchObject({ code: 'rate_limited', retry_after_seconds: expect.any(Number) });
    const { retry_after_seconds: seconds } = limited.structuredContent;
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(limited.content[0]?.text).toContain(`Try again in ${seconds} seconds.`);
    tenant.writePolicies(defaultPolicies);
    await eventually(
      () => session.call('search_memories', { query: 'x' }),
      ({ isError }) => isError === undefined,
    );
    await session.close();
  });
});
