import pg from 'pg';
import {
  createTestTenant,
  eventually,
  type InProcessService,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';

let tenant: TestTenant;
let service: InProcessService;
let owner: pg.Client;
beforeAll(async () => {
  tenant = await createTestTenant();
  service = await startInProcess(tenant);
  owner = new pg.Client({ connectionString: tenant.database.ownerUrl });
  await owner.connect();
});
afterAll(async () => {
  await owner.end();
  await service.stop();
  await tenant.drop();
});

const PATH = '/api/v1/memories';
const later = (body: object, headers: Readonly<Record<string, string>> = {}) =>
  service.call('POST', PATH, { body, headers: { Prefer: 'respond-async', ...headers } });
const ended = (id: string) =>
  eventually(
    async () => (await service.call('GET', `/api/v1/jobs/${id}`)).body,
    ({ status }) => !['pending', 'running'].includes(status),
  );
const contentsOf = async (user: string) =>
  (await service.call('GET', `${PATH}?user_id=${user}&order=created_at:asc`)).body.results.map(
    ({ content }: { content: string }) => content,
  );

describe('a write whose answer nobody waits for', () => {
  it('is a job: 202, where to look, and in the end what became of each draft', async () => {
    const { status, body, headers } = await later(
      { memories: [{ content: 'one' }, { content: 'two' }, { content: 'three', key: 'k' }] },
      { 'X-User-ID': 'ada' },
    );
    expect([status, body.kind, headers.get('location')]).toEqual([202, 'write', `/api/v1/jobs/${body.id}`]);
    const job = await ended(body.id);
    expect([job.status, job.progress]).toEqual(['succeeded', { total: 3, done: 3, failed: 0 }]);
    expect(job.result.results.map((one: { status: string }) => one.status)).toEqual(['created', 'created', 'created']);
    expect((await contentsOf('ada')).sort()).toEqual(['one', 'three', 'two']);
    const { rows } = await owner.query('SELECT length(sealed_input) AS kept FROM jobs WHERE id = $1', [body.id]);
    expect(rows).toEqual([{ kept: 0 }]);
  });

  it('one memory alone is one as well', async () => {
    const { status, body } = await later({ user_id: 'solo', content: 'alone' });
    expect(status).toBe(202);
    const { result } = await ended(body.id);
    expect((await service.call('GET', `${PATH}/${result.results[0].id}`)).body.content).toBe('alone');
  });

  it('what is wrong is refused at once, and nothing waits', async () => {
    expect((await later({ user_id: 'bad' })).status).toBe(400);
    expect((await later({ memories: [{ user_id: 'bad', content: 'x' }, { user_id: 'bad' }] })).status).toBe(422);
    const { body: there } = await service.call('POST', PATH, { body: { user_id: 'bad', content: 'there' } });
    const taken = await later({ memories: [{ user_id: 'bad', content: 'x', id: there.id }] });
    expect([taken.status, taken.body.errors[0]]).toEqual([409, expect.objectContaining({ pointer: '/memories/0/id' })]);
    expect(await contentsOf('bad')).toEqual(['there']);
  });

  it('begun again after it was done, as after a crash, writes nothing twice', async () => {
    const drafts = ['a', 'b'].map((content) => ({ user_id: 'twice', content }));
    const { body } = await later({
      memories: [...drafts, { user_id: 'twice', vector: [1], content: 'c' }],
      on_error: 'continue',
    });
    const first = await ended(body.id);
    expect([first.status, first.progress.failed]).toEqual(['partial', 1]);
    await service.call('POST', `/api/v1/jobs/${body.id}/retry`);
    const second = await ended(body.id);
    expect(second.result.results.map((one: { id?: string }) => one.id)).toEqual(
      first.result.results.map((one: { id?: string }) => one.id),
    );
    expect(await contentsOf('twice')).toEqual(['a', 'b']);
  });

  it('sent twice under one Idempotency-Key is one job', async () => {
    const send = () => later({ user_id: 'idem', content: 'once' }, { 'Idempotency-Key': 'later-1' });
    const [first, second] = [await send(), await send()];
    expect([second.body.id, second.headers.get('idempotency-replayed')]).toEqual([first.body.id, 'true']);
    await ended(first.body.id);
    expect(await contentsOf('idem')).toEqual(['once']);
  });

  it('of several people it is written now: what waits has one owner, whose erasure takes it', async () => {
    const memories = ['eve', 'fay'].map((user_id) => ({ user_id, content: 'both' }));
    expect((await later({ memories })).body.summary.created).toBe(2);
  });
});
