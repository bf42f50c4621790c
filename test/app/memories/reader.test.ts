import { jest } from '@jest/globals';
import { rewriteRows } from '../../support/aged-rows.js';
import {
  createTestTenant,
  eventually,
  type InProcessService,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';

jest.setTimeout(90_000);

let tenant: TestTenant;
let service: InProcessService;
let replica: InProcessService;
beforeAll(async () => {
  tenant = await createTestTenant();
  [service, replica] = await Promise.all([startInProcess(tenant), startInProcess(tenant)]);
});
afterAll(async () => {
  await Promise.all([service.stop(), replica.stop()]);
  await tenant.drop();
});

const write = async (user_id: string, content: string): Promise<string> =>
  (await service.call('POST', '/api/v1/memories', { body: { user_id, content } })).body.id;
const makeKey = async (user_id: string): Promise<string> =>
  (await service.call('POST', '/api/v1/keys', { body: { name: user_id, role: 'user', user_id } })).body.key;
const read = (id: string, key?: string, through = service) =>
  through.call('GET', `/api/v1/memories/${id}`, key === undefined ? {} : { key });

describe('a memory that was read before', () => {
  it('is never shown as it was: a change, a deletion and a hand in the database are seen by every replica at once', async () => {
    const id = await write('ada', 'first');
    expect([(await read(id)).body.content, (await read(id, undefined, replica)).body.content]).toEqual([
      'first',
      'first',
    ]);
    await service.call('PATCH', `/api/v1/memories/${id}`, {
      body: { content: 'second' },
      headers: { 'Content-Type': 'application/merge-patch+json' },
    });
    const answers = [await read(id), await read(id, undefined, replica)];
    expect(answers.map(({ body, headers }) => [body.content, body.version, headers.get('etag')])).toEqual(
      Array(2).fill(['second', 2, '"2"']),
    );
    await rewriteRows(tenant, [id], 'confidence = 0.125');
    expect((await read(id, undefined, replica)).body.confidence).toBe(0.125);
    await service.call('DELETE', `/api/v1/memories/${id}`);
    expect([(await read(id)).status, (await read(id, undefined, replica)).status]).toEqual([404, 404]);
  });

  it('expires when its time is over, with nobody touching it', async () => {
    // On a slow machine it may be over before anybody looked: then it is to last longer.
    for (let ms = 1_500, seen = false; !seen; ms *= 2) {
      const end = Date.now() + ms;
      const body = { user_id: 'ada', content: 'soon', expires_at: new Date(end).toISOString() };
      const { id } = (await service.call('POST', '/api/v1/memories', { body })).body;
      const { status } = (await read(id)).body;
      seen = Date.now() < end;
      if (!seen) continue;
      expect(status).toBe('active');
      await eventually(
        async () => (await read(id)).body.status,
        (later) => later === 'expired',
      );
    }
  });
});

it('those who ask at once for the same and for other memories each get their own, and nobody what is not theirs', async () => {
  const [ada, bob] = [await makeKey('ada'), await makeKey('bob')];
  const mine = await Promise.all(['a1', 'a2', 'a3'].map((content) => write('ada', content)));
  const theirs = await Promise.all(['b1', 'b2', 'b3'].map((content) => write('bob', content)));
  const asked = Array.from({ length: 60 }, (_, n) => ({
    key: n % 2 ? ada : bob,
    own: n % 2 ? mine : theirs,
    id: [...mine, ...theirs][n % 6] as string,
  }));
  const answers = await Promise.all(asked.map(({ key, id }) => read(id, key)));
  answers.forEach(({ status, body }, n) => {
    const { own, id } = asked[n] as (typeof asked)[number];
    expect(status).toBe(own.includes(id) ? 200 : 404);
    if (status === 200) expect(body.id).toBe(id);
  });
});

it('a memory that is remembered for one is shown to nobody else', async () => {
  const [ada, bob] = [await makeKey('ada'), await makeKey('bob')];
  const [own, shared] = [await write('ada', 'mine'), await write('ada', 'read often')];
  for (let n = 0; n < 4; n++) for (const id of [own, shared]) expect((await read(id, ada)).status).toBe(200);
  // Answered from what is remembered, or not at all.
  for (let n = 0; n < 3; n++) {
    expect([(await read(own, bob)).status, (await read(own, ada)).status]).toEqual([404, 200]);
    expect((await read(shared)).status).toBe(200);
  }
});
