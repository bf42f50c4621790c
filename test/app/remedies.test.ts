import { createTestTenant, type InProcessService, startInProcess, type TestTenant } from '../support/memory-service.js';

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

const MEMORIES = '/api/v1/memories';
const post = (path: string, body: unknown) => service.call('POST', path, { body: body as object });
const nil = '00000000-0000-0000-0000-000000000000';

describe('what is refused says what would be right', () => {
  it('an unknown scope of a memory is invalid_scope everywhere, of a hold it is not', async () => {
    const draft = { user_id: 'ada', content: 'x', scope: 'universe' };
    expect((await post(MEMORIES, draft)).body).toMatchObject({
      code: 'invalid_scope',
      errors: [{ pointer: '/scope' }],
    });
    const batch = await post(MEMORIES, { on_error: 'continue', memories: [draft] });
    expect(batch.body.results[0]).toMatchObject({ status: 'rejected', error: { code: 'invalid_scope' } });
    const hold = await post('/api/v1/holds', { scope: 'universe', matter: 'm', reason: 'r' });
    expect([hold.body.code, hold.body.detail]).toEqual([
      'invalid_request',
      expect.stringContaining('memory, user, tenant'),
    ]);
  });

  it('only a list is told to follow next_cursor', async () => {
    const list = await service.call('GET', `${MEMORIES}?user_id=ada&limit=5000`);
    expect(list.body).toMatchObject({ code: 'limit_too_large', remedy: expect.stringContaining('next_cursor') });
    const ids = Array.from({ length: 1001 }, () => nil.replace(/0$/, '1'));
    const bodies = [
      post(`${MEMORIES}/search`, { user_id: 'ada', query: 'x', limit: 5000 }),
      post(MEMORIES, { memories: ids.map(() => ({ user_id: 'ada', content: 'x' })) }),
      post(`${MEMORIES}/delete`, { ids }),
      post(`${MEMORIES}/update`, { updates: ids.map((id) => ({ id, patch: {} })) }),
    ];
    for (const { body } of await Promise.all(bodies)) {
      expect(body.code).toBe('limit_too_large');
      expect(body.remedy).not.toContain('next_cursor');
    }
  });

  it('the nil UUID is no id of a memory: what walks through rows begins there', async () => {
    const one = await post(MEMORIES, { user_id: 'ada', content: 'x', id: nil });
    expect([one.status, one.body.errors?.[0]]).toEqual([400, expect.objectContaining({ pointer: '/id' })]);
    const line = JSON.stringify({ id: nil, user_id: 'ada', content: 'x' });
    const headers = { 'Content-Type': 'application/x-ndjson' };
    const imported = await service.call('POST', '/api/v1/import', { raw: line, headers });
    expect(imported.body).toMatchObject({ created: 0, failed: 1, errors: [{ pointer: '/id' }] });
  });

  it('a whole number that would come back as another is refused, one that would not is kept', async () => {
    const send = (metadata: string) =>
      service.call('POST', MEMORIES, { raw: `{"user_id":"ada","content":"n","metadata":${metadata}}` });
    for (const [text, pointer] of [
      ['{"id":1234567890123456789}', '/metadata/id'],
      ['{"ids":["1234567890123456789",9007199254740993]}', '/metadata/ids/1'],
    ] as const) {
      const { status, body } = await send(text);
      expect([status, body.errors[0].pointer, body.errors[0].detail]).toEqual([
        400,
        pointer,
        expect.stringContaining('send it as a text'),
      ]);
    }
    for (const metadata of [{ a: 2 ** 53, b: 1e21, c: '1234567890123456789', d: -1e300 }, { list: [2 ** 53, 1e30] }])
      expect((await send(JSON.stringify(metadata))).body.metadata).toEqual(metadata);
    const text = '{"quoted":"\\"1234567890123456789","big":9007199254740992}';
    expect((await send(text)).body.metadata).toEqual(JSON.parse(text));
  });

  it('an offset whose plus was lost in the URL, a key that was written as an operator', async () => {
    const list = await service.call('GET', `${MEMORIES}?user_id=ada&as_of=2026-01-01T00:00:00+02:00`);
    expect(list.body.detail).toContain('%2B');
    const nested = encodeURIComponent('{"metadata":{"a":{"b":1}}}');
    const filtered = await service.call('GET', `${MEMORIES}?user_id=ada&filters=${nested}`);
    expect(filtered.body.remedy).toContain('"metadata.a.b"');
  });

  it('a filter, a line or a document that is no JSON is called by its name', async () => {
    const list = await service.call('GET', `${MEMORIES}?user_id=ada&filters=zork`);
    expect(list.body.detail).toBe('/query/filters is not valid: the filter is no JSON');
    const headers = { 'Content-Type': 'application/x-ndjson' };
    const imported = await service.call('POST', '/api/v1/import', { raw: 'zork\n', headers });
    expect(imported.body.errors[0]).toMatchObject({ line: 1, detail: expect.stringContaining('the line is no JSON') });
  });

  it('a hold without its target, a role without a name, a day that is none', async () => {
    const hold = await post('/api/v1/holds', { scope: 'user', matter: 'm', reason: 'r' });
    expect(hold.body.detail).toContain('/user_id is required');
    const role = await service.call('PUT', '/api/v1/roles/Bad%20Name', { body: { permissions: [] } });
    expect(role.body.detail).toContain('small letters');
    expect((await service.call('GET', '/api/v1/usage?from=x')).body.detail).toContain('a day like 2026-01-31');
  });

  it('a method that is not there is told those that are, HEAD among them', async () => {
    const { status, headers } = await service.call('PUT', `${MEMORIES}/${nil}`, { body: {} });
    expect([status, headers.get('allow')]).toEqual([405, 'GET, HEAD, PATCH, DELETE']);
  });
});
