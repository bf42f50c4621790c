import { writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { Webhook } from 'standardwebhooks';
import {
  createTestTenant,
  defaultPolicies,
  eventually,
  type InProcessService,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';
import { startWebhookReceiver, type WebhookReceiver } from '../../support/webhook-receiver.js';

let tenant: TestTenant;
let service: InProcessService;
let receiver: WebhookReceiver;
let db: pg.Client;
beforeAll(async () => {
  receiver = await startWebhookReceiver();
  tenant = await createTestTenant();
  const ca = join(tenant.directory, 'ca.pem');
  writeFileSync(ca, receiver.ca);
  tenant.writePolicies({ ...defaultPolicies, egress: [{ cidr: '127.0.0.1/32' }] });
  service = await startInProcess(tenant, { MEMPLANE_CA_FILE: ca });
  db = new pg.Client({ connectionString: tenant.database.adminUrl });
  await db.connect();
  await db.query(`SET search_path = ${tenant.database.schema}`);
});
afterAll(async () => {
  await db.end();
  await tenant.drop();
  await receiver.stop();
});
beforeEach(() => {
  receiver.received.length = 0;
  receiver.status = 200;
});

const PATH = '/api/v1/webhooks';
const create = async (event_types: readonly string[], more: object = {}) => {
  const { status, body } = await service.call('POST', PATH, { body: { url: receiver.url, event_types, ...more } });
  expect(status).toBe(201);
  return body as { readonly id: string; readonly secret: string };
};
const remember = async (content: string) =>
  (await service.call('POST', '/api/v1/memories', { body: { user_id: 'ada', content } })).body;
const heard = (count: number) =>
  eventually(
    async () => receiver.received,
    ({ length }) => length >= count,
  );

/** A line to the database that counts what is sent on it: the server itself tells of what it did seconds later. */
const countQuestions = async (url: string) => {
  const { hostname, port } = new URL(url);
  let asked = 0;
  const ends = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      ends.add(from);
      from.on('error', () => undefined).on('close', () => to.destroy());
    }
    near.on('data', () => {
      asked++;
    });
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const through = new URL(url);
  through.port = String((server.address() as AddressInfo).port);
  return {
    url: through.href,
    asked: () => asked,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const end of ends) end.destroy();
      }),
  };
};
const deliveries = async (id: string) => (await service.call('GET', `${PATH}/${id}/deliveries`)).body.results;

describe('a webhook', () => {
  it('is told of what it asked for, signed as Standard Webhooks says, with ids and no content', async () => {
    const hook = await create(['memory.created'], { name: 'crm' });
    const memory = await remember('canary of content');
    await service.call('PATCH', `/api/v1/memories/${memory.id}`, { body: { importance: 0.9 } });
    const [{ headers, body }] = (await heard(1)) as [{ headers: Record<string, string>; body: string }];
    const told = new Webhook(hook.secret).verify(body, headers) as Record<string, unknown>;
    expect(told).toMatchObject({
      type: 'memory.created',
      timestamp: expect.any(String),
      data: { memories: [{ id: memory.id, version: 1, deleted: false }], actor: { kind: 'key' } },
    });
    expect(body).not.toContain('canary');
    const [delivery] = await eventually(
      () => deliveries(hook.id),
      (all) => all[0]?.status === 'delivered',
    );
    expect(delivery).toMatchObject({ type: 'memory.created', attempts: 1, response: 200, error: null });
    expect(receiver.received).toHaveLength(1);
    await service.call('DELETE', `${PATH}/${hook.id}`);
  });

  it('that fails is tried again with the same id, and once more when somebody asks', async () => {
    receiver.status = 500;
    const hook = await create(['memory.*']);
    await remember('again');
    await heard(1);
    await eventually(
      () => deliveries(hook.id),
      (all) => all[0]?.response === 500,
    );
    const [waiting] = await deliveries(hook.id);
    expect(waiting).toMatchObject({ status: 'pending', attempts: 1, error: null });
    expect(new Date(waiting.next_at).getTime()).toBeGreaterThan(Date.now());
    receiver.status = 204;
    await db.query('UPDATE webhook_deliveries SET run_at = now() WHERE webhook_id = $1', [hook.id]);
    await heard(2);
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    await eventually(
      () => deliveries(hook.id),
      (all) => all[0]?.status === 'delivered',
    );
    const { status } = await service.call('POST', `${PATH}/${hook.id}/deliveries/${waiting.id}/replay`);
    expect(status).toBe(200);
    await heard(3);
    await service.call('DELETE', `${PATH}/${hook.id}`);
  });

  it('is given up after eight tries, at once when nobody listens there any more', async () => {
    const hook = await create(['memory.created']);
    receiver.status = 503;
    await remember('eight');
    await heard(1);
    await eventually(
      () => deliveries(hook.id),
      (all) => all[0]?.response === 503,
    );
    await db.query('UPDATE webhook_deliveries SET attempts = 7, run_at = now() WHERE webhook_id = $1', [hook.id]);
    await eventually(
      () => deliveries(hook.id),
      (all) => all[0]?.status === 'failed',
    );
    receiver.status = 410;
    await remember('gone');
    const [gone] = await eventually(
      () => deliveries(hook.id),
      (all) => all.length === 2 && all[0].status === 'failed',
    );
    expect(gone).toMatchObject({ attempts: 1, response: 410 });
    await service.call('DELETE', `${PATH}/${hook.id}`);
  });

  it('with a new secret is signed with both for a day', async () => {
    const hook = await create(['memory.created']);
    const next = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
    const { body: changed } = await service.call('PATCH', `${PATH}/${hook.id}`, { body: { secret: next } });
    expect(changed.secret).toBe(next);
    await remember('two secrets');
    const [{ headers, body }] = (await heard(1)) as [{ headers: Record<string, string>; body: string }];
    for (const secret of [hook.secret, next]) expect(new Webhook(secret).verify(body, headers)).toBeTruthy();
    expect(() => new Webhook(`whsec_${Buffer.alloc(32, 8).toString('base64')}`).verify(body, headers)).toThrow();
    await service.call('DELETE', `${PATH}/${hook.id}`);
  });

  it('does not follow where it is sent', async () => {
    receiver.status = 302;
    const hook = await create(['memory.created']);
    await remember('elsewhere');
    const [delivery] = await eventually(
      () => deliveries(hook.id),
      (all) => all[0]?.error !== null && all[0]?.error !== undefined,
    );
    expect(delivery.error).toContain('redirect');
    await service.call('DELETE', `${PATH}/${hook.id}`);
  });

  it('keeps its address and secret sealed, shows the secret once, and refuses what was slipped in', async () => {
    const hook = await create(['memory.created']);
    const { body: shown } = await service.call('GET', `${PATH}/${hook.id}`);
    expect(shown.secret).toBeUndefined();
    const { rows } = await db.query('SELECT * FROM webhooks');
    expect(rows[0].sealed.includes('127.0.0.1')).toBe(false);
    expect(rows[0].sealed.includes(hook.secret)).toBe(false);
    await db.query(`UPDATE webhooks SET event_types = '{*}'`);
    await remember('slipped in');
    await eventually(
      async () => (await db.query('SELECT error FROM webhook_deliveries')).rows[0]?.error,
      (error) => error === 'The delivery could not be made.',
    );
    expect(receiver.received).toEqual([]);
    await db.query('DELETE FROM webhooks');
  });

  it('that is switched off hears nothing, and nothing later of that time', async () => {
    const hook = await create(['memory.created'], { active: false });
    await remember('not heard');
    // In the log, and looked at for the webhook.
    await eventually(
      async () =>
        (
          await db.query(
            'SELECT (SELECT count(*) FROM audit_pending) + (SELECT size FROM audit_head) - 1 - seq AS behind FROM webhook_positions',
          )
        ).rows[0].behind,
      (behind) => Number(behind) === 0,
    );
    await service.call('PATCH', `${PATH}/${hook.id}`, { body: { active: true } });
    const memory = await remember('heard');
    const [first] = await heard(1);
    expect(first?.body).toContain(memory.id);
    await service.call('DELETE', `${PATH}/${hook.id}`);
  });

  it('that has nothing to hear costs nothing: ten ask the database no more often than one', async () => {
    const own = await createTestTenant();
    const line = await countQuestions(own.env.DATABASE_URL ?? '');
    const idle = await startInProcess(own, { DATABASE_URL: line.url });
    const watched = new pg.Client({ connectionString: own.database.ownerUrl });
    await watched.connect();
    const add = async (): Promise<void> => {
      const body = { url: 'https://1.1.1.1/hook', event_types: ['memory.created'] };
      expect((await idle.call('POST', PATH, { body })).status).toBe(201);
    };
    const settled = async (): Promise<void> => {
      await eventually(
        async () =>
          (
            await watched.query(
              `SELECT (SELECT count(*) FROM audit_pending) + count(*) AS left FROM webhook_positions, audit_head WHERE seq < size - 1`,
            )
          ).rows[0].left,
        (left) => Number(left) === 0,
      );
    };
    const askedInAnIdleSecond = async (): Promise<number> => {
      await settled();
      const [before, began] = [line.asked(), performance.now()];
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      return ((line.asked() - before) * 1_000) / (performance.now() - began);
    };
    await add();
    const one = await askedInAnIdleSecond();
    expect(one).toBeGreaterThan(1);
    for (let count = 1; count < 10; count++) await add();
    // Each of nine that looked by itself would ask every half second.
    expect(await askedInAnIdleSecond()).toBeLessThan(one + 9);
    await watched.end();
    await own.drop();
    await line.stop();
  }, 60_000);

  it.each([
    ['http', 'http://example.com/', '/url'],
    ['a private address', 'https://10.0.0.1/', '/url'],
    ['the metadata service', 'https://169.254.169.254/latest', '/url'],
    ['a password in it', 'https://me:secret@example.com/', '/url'],
    ['no URL', 'nonsense', '/url'],
  ])('may not be at %s', async (_, url, pointer) => {
    const { status, body } = await service.call('POST', PATH, { body: { url, event_types: ['*'] } });
    expect(status).toBe(400);
    expect(body.errors[0].pointer).toBe(pointer);
  });

  it.each([
    [{ event_types: ['memory.created'] }, '/url'],
    [{ url: 'https://example.com', event_types: ['weather.changed'] }, '/event_types/0'],
    [{ url: 'https://1.1.1.1/', event_types: ['hold.placed', 'memory.create'] }, '/event_types/1'],
    [{ url: 'https://example.com', event_types: [] }, '/event_types'],
    [{ url: 'https://example.com', event_types: ['*'], secret: 'short' }, '/secret'],
  ])('%j is refused', async (body, pointer) => {
    const answer = await service.call('POST', PATH, { body });
    expect(answer.status).toBe(400);
    expect(answer.body.errors[0].pointer).toBe(pointer);
  });

  it('is for those who may manage webhooks', async () => {
    const { body } = await service.call('POST', '/api/v1/keys', {
      body: { name: 'reader', role: 'readonly', user_id: 'ada' },
    });
    expect((await service.call('GET', PATH, { key: body.key })).status).toBe(403);
  });
});
