import { randomUUID } from 'node:crypto';
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
}, 60_000);
afterAll(async () => {
  await service.stop();
  await tenant.drop();
});

const PATH = '/api/v1/memories';
type Body = Record<string, unknown>;
const post = (path: string, body: unknown, key?: string) =>
  service.call('POST', path, { body, ...(key ? { key } : {}) });
const create = async (body: Body = {}, key?: string) =>
  (await post(PATH, { user_id: 'ada', content: 'one', ...body }, key)).body;
const read = (id: string, key?: string) => service.call('GET', `${PATH}/${id}`, key ? { key } : {});
const history = async (id: string) =>
  (await service.call('GET', `${PATH}/${id}/history`)).body.results.map(({ event }: { event: string }) => event);
const makeKey = async (role: string, more: object = {}): Promise<{ readonly key: string; readonly id: string }> =>
  (await service.call('POST', '/api/v1/keys', { body: { name: 'k', role, ...more } })).body;

describe('a batch that finds what is there', () => {
  const batch = (memories: readonly Body[], more: Body = {}) => post(PATH, { memories, dedupe: 'exact', ...more });
  const statuses = (body: { results: readonly { status: string }[] }) => body.results.map(({ status }) => status);

  it('tells the same words of the same owner, in it and before it; not those of others', async () => {
    const known = await create({ user_id: 'dee', content: 'the same words' });
    const { body } = await batch([
      { user_id: 'dee', content: 'the same words' },
      { user_id: 'eve', content: 'the same words' },
      { user_id: 'dee', content: 'twice in one batch' },
      { user_id: 'dee', content: 'twice in one batch' },
      { content: 'the same words', scope: 'global' },
    ]);
    expect(statuses(body)).toEqual(['duplicate', 'created', 'created', 'duplicate', 'created']);
    expect([body.results[0].id, body.results[3].id]).toEqual([known.id, body.results[2].id]);
    expect(body.summary).toMatchObject({ created: 3, duplicate: 2 });
    const off = await post(PATH, { memories: [{ user_id: 'dee', content: 'the same words' }] });
    expect(statuses(off.body)).toEqual(['created']);
  });

  it('lets one of many writers at once store the same words', async () => {
    const words = randomUUID();
    const answers = await Promise.all(Array.from({ length: 6 }, () => batch([{ user_id: 'race', content: words }])));
    const all = answers.flatMap(({ body }) => statuses(body));
    expect(all.filter((status) => status === 'created')).toHaveLength(1);
    expect(all.filter((status) => status === 'duplicate')).toHaveLength(5);
  });

  it('merges what says the same, with what the draft adds; never what says something else, however near', async () => {
    const vector = Array.from({ length: 64 }, (_, index) => (index === 3 ? 1 : 0.01));
    const drafts = (contents: readonly string[], user_id: string) =>
      contents.map((content) => ({ user_id, content, vector }));
    const known = await create({ user_id: 'mel', content: 'The gate code is 4711', vector, metadata: { a: 1 } });
    const { body } = await batch(
      [
        { user_id: 'mel', content: 'gate code is 4711!', vector, metadata: { a: 2, b: 3 } },
        ...drafts(['the gate code is 4711', 'The gate code is 4712', 'the gate code is not 4711'], 'mel'),
        ...drafts(['The gate code is 4711', 'THE GATE CODE IS 4711.'], 'ned'),
      ],
      { dedupe: 'semantic' },
    );
    expect(statuses(body)).toEqual(['merged', 'duplicate', 'created', 'created', 'created', 'duplicate']);
    expect((await read(known.id)).body).toMatchObject({ metadata: { a: 1, b: 3 }, version: 2 });
    expect(body.results[5].id).toBe(body.results[4].id);
  });

  it('the same words are found in any case, before there is a vector, and in one batch', async () => {
    const first = await create({ user_id: 'pat', content: 'Same Words' });
    const again = await batch(
      ['SAME WORDS!', 'same words indeed', 'Zoe plays the piano.', 'zoe plays piano'].map((content) => ({
        ...{ user_id: 'pat', content },
      })),
      { dedupe: 'semantic' },
    );
    expect(statuses(again.body)).toEqual(['duplicate', 'created', 'created', 'duplicate']);
    expect(again.body.results[0].id).toBe(first.id);
    expect(again.body.results[3].id).toBe(again.body.results[2].id);
    const fact = { user_id: 'pat', subject: 'Pat', predicate: 'lives in', object: 'Rome' };
    const known = await create({ ...fact, content: 'Pat moved to Rome in May' });
    const told = await batch(
      [
        { ...fact, content: 'home: Rome' },
        { ...fact, user_id: 'eve', content: 'home: Rome' },
      ],
      {
        dedupe: 'semantic',
      },
    );
    expect([statuses(told.body), told.body.results[0].id]).toEqual([['duplicate', 'created'], known.id]);
  });

  it('answers when the vectors are there, if asked to', async () => {
    const { body } = await service.call('POST', `${PATH}?wait=indexed`, { body: { user_id: 'ada', content: 'soon' } });
    expect(body.vector_status).toBe('succeeded');
    expect((await service.call('POST', `${PATH}?wait=never`, { body: {} })).body.errors[0].pointer).toBe('/query/wait');
  });
});

describe('what contradicts', () => {
  const fact = (object: string, more: Body = {}) => ({
    ...{ user_id: 'con', content: `lives in ${object}`, subject: 'Con', predicate: 'lives in', object },
    ...more,
  });
  const counts = async (...ids: string[]) =>
    Promise.all(ids.map(async (id) => (await read(id)).body.contradictions as number));

  it('is counted on both, until one of them goes', async () => {
    const first = await create(fact('Berlin'));
    const second = await create(fact('Paris'));
    const same = await create(fact('  PARIS '));
    await create(fact('Rome', { user_id: 'other' }));
    expect(await counts(first.id, second.id, same.id)).toEqual([2, 1, 1]);
    await service.call('DELETE', `${PATH}/${second.id}`);
    expect(await counts(first.id, same.id)).toEqual([1, 1]);
    await service.call('PATCH', `${PATH}/${same.id}`, { body: { object: 'Berlin' } });
    expect(await counts(first.id, same.id)).toEqual([0, 0]);
  });

  it('is counted right by writers at once', async () => {
    const ids = await Promise.all(
      ['A', 'B', 'C', 'D', 'E'].map(async (object) => (await create(fact(object, { user_id: 'many' }))).id as string),
    );
    expect(await counts(...ids)).toEqual([4, 4, 4, 4, 4]);
  });
});

describe('trust', () => {
  it('is of the credential, caps what is claimed, and no patch raises it', async () => {
    const { key } = await makeKey('service');
    const weak = await create({ confidence: 0.9 }, key);
    expect(weak).toMatchObject({ confidence: 0.5, trust: { class: 'agent', score: 0.5 } });
    const { body } = await service.call('PATCH', `${PATH}/${weak.id}`, { body: { confidence: 1 } });
    expect(body).toMatchObject({ confidence: 0.5, trust: { class: 'agent', score: 0.5 } });
  });

  it('of what is derived is the least of what it was derived from', async () => {
    const { key } = await makeKey('service');
    const [old, source] = [await create({ content: 'old' }), await create({ content: 'source' }, key)];
    const { body } = await post(`${PATH}/${old.id}/supersede`, { draft: { content: 'new' }, evidence: [source.id] });
    expect(body.by.trust).toEqual({ class: 'derived', score: 0.5 });
  });
});

describe('a memory that takes the place of another', () => {
  it('is found in its stead, in one step, with its evidence', async () => {
    const old = await create({ content: 'old words', agent_id: 'a', metadata: { k: 1 } });
    const why = await create({ content: 'why' });
    const { status, body } = await post(`${PATH}/${old.id}/supersede`, {
      draft: { content: 'new words' },
      evidence: [why.id],
      reason: 'moved',
    });
    expect(status).toBe(200);
    expect(body.superseded).toMatchObject({ id: old.id, status: 'superseded', superseded_by: body.by.id, version: 2 });
    expect(body.by).toMatchObject({ content: 'new words', agent_id: 'a', supersedes: [old.id], evidence: [why.id] });
    expect(await history(old.id)).toEqual(['add', 'supersede']);
    const listed = await service.call('GET', `${PATH}?user_id=ada&agent_id=a`);
    expect(listed.body.results.map(({ id }: { id: string }) => id)).toEqual([body.by.id]);
    const again = await post(`${PATH}/${old.id}/supersede`, { draft: { content: 'newer' } });
    expect(again.status).toBe(412);
  });

  it('may be there already; it is of the same owner, and not itself', async () => {
    const [old, by] = [await create({ content: 'x' }), await create({ content: 'y' })];
    const foreign = await create({ user_id: 'grace', content: 'z' });
    const supersede = (body: Body) => post(`${PATH}/${old.id}/supersede`, body);
    expect((await supersede({ by: old.id })).body.errors[0].pointer).toBe('/by');
    expect((await supersede({ by: foreign.id })).status).toBe(400);
    expect((await supersede({ by: randomUUID() })).status).toBe(404);
    expect((await supersede({})).body.errors[0].pointer).toBe('/by');
    expect((await supersede({ by: by.id, draft: { content: 'both' } })).body.errors[0].pointer).toBe('/draft');
    expect((await supersede({ draft: { content: 'q', user_id: 'grace' } })).body.code).toBe('immutable_field');
    expect((await supersede({ by: by.id, evidence: [randomUUID()] })).body.errors[0].pointer).toBe('/evidence/0');
    expect((await read(old.id)).body).toMatchObject({ version: 1, status: 'active' });
    expect((await supersede({ by: by.id })).body.by).toMatchObject({ id: by.id, supersedes: [old.id], version: 2 });
  });

  it('goes with what it is linked to when that is asked for, and only then', async () => {
    const old = await create({ content: 'first' });
    const { by } = (await post(`${PATH}/${old.id}/supersede`, { draft: { content: 'second' } })).body;
    const next = (await post(`${PATH}/${by.id}/supersede`, { draft: { content: 'third' } })).body.by;
    const alone = await create({ content: 'alone' });
    const single = await service.call('DELETE', `${PATH}/${alone.id}?linked=false&reason=r`);
    expect(single.body).toEqual({ id: alone.id, deleted: true, linked: [], audit_event: expect.any(String) });
    const { body } = await service.call('DELETE', `${PATH}/${by.id}?linked=true`);
    expect([...body.linked].sort()).toEqual([old.id, next.id].sort());
    for (const { id } of [old, by, next]) expect((await read(id)).status).toBe(404);
  });
});

describe('feedback', () => {
  it('changes importance and, when it is very bad, trust; it is on record', async () => {
    const { id } = await create({ importance: 0.5 });
    const give = (value: string | null) => post(`${PATH}/${id}/feedback`, { value, reason: 'because' });
    expect((await give('positive')).body).toMatchObject({ importance: 0.6, version: 2, trust: { score: 0.8 } });
    expect((await give('negative')).body.importance).toBeCloseTo(0.42, 5);
    expect((await give('very_negative')).body).toMatchObject({ trust: { score: 0.6 }, confidence: 0.6 });
    expect((await give(null)).body.version).toBe(5);
    expect(await history(id)).toEqual(['add', 'feedback', 'feedback', 'feedback', 'feedback']);
    expect((await give('great')).status).toBe(400);
  });
});

describe('many at once', () => {
  it('are never deleted without being named', async () => {
    for (const body of [{}, { filters: {} }, { scope: 'user' }, { dry_run: true }, { reason: 'x', max: 5 }])
      expect((await post(`${PATH}/delete`, body)).body.code).toBe('selector_required');
    const both = await post(`${PATH}/delete`, { ids: [randomUUID()], filters: { agent_id: 'x' } });
    expect(both.body.errors[0].pointer).toBe('/ids');
  });

  it('are deleted by ids: those that may be seen, others stay', async () => {
    const [mine, hers] = [await create({ user_id: 'bulk' }), await create({ user_id: 'grace' })];
    const { key } = await makeKey('service', { user_id: 'bulk' });
    const { body } = await post(`${PATH}/delete`, { ids: [mine.id, hers.id, randomUUID()] }, key);
    expect(body).toMatchObject({ matched: 1, deleted: 1, held: 0, ids: [mine.id], truncated: false });
    expect((await read(hers.id)).status).toBe(200);
  });

  it('are deleted by a filter, of one scope, after a trial run that names them', async () => {
    const memories = [
      { content: 'a', metadata: { color: 'red' } },
      { content: 'b', metadata: { color: 'blue' } },
      { content: 'c', metadata: { color: 'red' } },
    ].map((draft) => ({ ...draft, user_id: 'fil' }));
    await post(PATH, { memories });
    await create({ user_id: 'fil', scope: 'global', content: 'of all', metadata: { color: 'red' } });
    const body = { user_id: 'fil', filters: { 'metadata.color': 'red' } };
    const trial = (await post(`${PATH}/delete`, { ...body, dry_run: true })).body;
    expect(trial).toMatchObject({ matched: 2, deleted: 0, dry_run: true, audit_event: null });
    expect((await post(`${PATH}/delete`, { ...body, max: 1 })).body).toMatchObject({ deleted: 1, truncated: true });
    expect((await post(`${PATH}/delete`, body)).body).toMatchObject({ matched: 1, deleted: 1, truncated: false });
    const left = await service.call('GET', `${PATH}?user_id=fil`);
    const contents = left.body.results.map(({ content }: { content: string }) => content);
    expect(contents.filter((content: string) => /^(a|b|c|of all)$/.test(content)).sort()).toEqual(['b', 'of all']);
  });

  it('are changed together or not at all, or each for itself', async () => {
    const [a, b] = [await create({ content: 'a' }), await create({ content: 'b' })];
    const updates = [
      { id: a.id, patch: { content: 'a2' } },
      { id: b.id, version: 7, patch: { content: 'b2' } },
      { id: randomUUID(), patch: {} },
      { id: b.id, patch: {} },
    ];
    const refused = await post(`${PATH}/update`, { updates });
    expect([refused.status, refused.body.errors[0].pointer]).toEqual([422, '/updates/3/id']);
    const three = await post(`${PATH}/update`, { updates: updates.slice(0, 3) });
    expect(three.body.errors.map(({ index, code }: { index: number; code: string }) => [index, code])).toEqual([
      [1, 'version_mismatch'],
      [2, 'not_found'],
    ]);
    expect((await read(a.id)).body.content).toBe('a');
    const { body } = await post(`${PATH}/update`, { updates, on_error: 'continue' });
    expect(body.results.map(({ status }: { status: string }) => status)).toEqual([
      'updated',
      'rejected',
      'rejected',
      'rejected',
    ]);
    expect([(await read(a.id)).body.content, (await read(b.id)).body.content]).toEqual(['a2', 'b']);
    const bad = await post(`${PATH}/update`, { updates: [{ id: a.id, patch: { scope: 'global' } }] });
    expect(bad.body.errors[0]).toMatchObject({ pointer: '/updates/0/patch/scope', code: 'immutable_field' });
  });
});

describe('what one credential wrote', () => {
  it('is undone as new versions, field by field; what others changed since stays', async () => {
    const poison = await makeKey('service');
    const from = new Date(Date.now() - 1000).toISOString();
    const victim = await create({ user_id: 'vic', content: 'good', metadata: { n: 1 }, importance: 0.5 });
    const gone = await create({ user_id: 'vic', content: 'to be deleted', key: 'gone', agent_id: 'ag' });
    const planted = await create({ user_id: 'vic', content: 'planted' }, poison.key);
    const patch = { content: 'bad', metadata: { n: null, evil: true } };
    await service.call('PATCH', `${PATH}/${victim.id}`, { body: patch, key: poison.key });
    await service.call('PATCH', `${PATH}/${victim.id}`, { body: { importance: 0.9 } });
    await service.call('DELETE', `${PATH}/${gone.id}`, { key: poison.key });
    const stretch = { writer: poison.id, from, to: new Date(Date.now() + 1000).toISOString(), reason: 'poisoned' };
    const { status, body } = await post(`${PATH}/revert`, stretch);
    expect([status, body]).toEqual([
      200,
      expect.objectContaining({ rewound: [victim.id], restored: [gone.id], quarantined: [planted.id], held: [] }),
    ]);
    expect((await read(victim.id)).body).toMatchObject({
      content: 'good',
      metadata: { n: 1 },
      importance: 0.9,
      version: 4,
    });
    expect((await read(gone.id)).body).toMatchObject({
      content: 'to be deleted',
      key: 'gone',
      agent_id: 'ag',
      version: 3,
    });
    expect((await read(planted.id)).body.status).toBe('quarantined');
    expect(await history(gone.id)).toEqual(['add', 'delete', 'restore']);
    const again = (await post(`${PATH}/revert`, stretch)).body;
    expect([again.rewound, again.restored, again.quarantined]).toEqual([[], [], []]);
    expect((await post(`${PATH}/revert`, { ...stretch, to: '2001-01-01T00:00:00Z' })).body.errors[0].pointer).toBe(
      '/to',
    );
    expect((await post(`${PATH}/revert`, stretch, poison.key)).status).toBe(403);
  });
});

describe('a person', () => {
  it('is listed at a scope and deleted alone: rows, vectors, counters', async () => {
    const memories = ['a', 'b', 'c'].map((content) => ({ user_id: 'per/son', content }));
    await service.call('POST', `${PATH}?wait=indexed`, { body: { memories } });
    await create({ user_id: 'per/son', scope: 'global', content: 'shared by per' });
    const other = await create({ user_id: 'bystander' });
    const path = `/api/v1/memory/${encodeURIComponent('per/son')}`;
    const own = (await service.call('GET', `${path}?count=true`)).body;
    const wider = (await service.call('GET', `${path}?scope=global&count=true`)).body;
    expect(own.count - wider.count).toBe(3);
    const { body } = await service.call('DELETE', path);
    expect(body).toEqual({
      deleted: 3,
      held: 0,
      vectors: 3,
      cache: expect.any(Number),
      audit_event: expect.any(String),
    });
    expect((await service.call('DELETE', path)).body).toMatchObject({ deleted: 0, audit_event: null });
    expect((await read(other.id)).status).toBe(200);
    const { key } = await makeKey('service', { user_id: 'bystander' });
    expect((await service.call('DELETE', path, { key })).body.code).toBe('identity_mismatch');
  });

  it('and whatever else memories name is listed by type', async () => {
    await create({ user_id: 'ent-1', agent_id: 'ent-agent' });
    await create({ user_id: 'ent-2', agent_id: 'ent-agent' });
    const all: { id: string; total_memories: number }[] = [];
    let cursor = '';
    do {
      const { body } = await service.call('GET', `/api/v1/entities?type=agent&limit=1${cursor}`);
      all.push(...body.results);
      cursor = body.next_cursor === null ? '' : `&cursor=${body.next_cursor}`;
    } while (cursor !== '');
    expect(all.filter(({ id }) => id === 'ent-agent')).toMatchObject([{ total_memories: 2 }]);
    const { key } = await makeKey('user', { user_id: 'ent-1' });
    const seen = (await service.call('GET', '/api/v1/entities?type=agent', { key })).body.results;
    expect(seen).toMatchObject([{ id: 'ent-agent', total_memories: 1 }]);
  });
});

describe('counters', () => {
  it('are right after all of this', async () => {
    tenant.writePolicies({ ...defaultPolicies, quotas: { memories: 100_000, memoriesPerUser: null } });
    const stats = await eventually(
      async () => (await service.call('GET', '/memory_stats')).body,
      ({ quota }) => quota.memories === 100_000,
    );
    expect(stats.quota.used).toBe(stats.total);
  });
});
