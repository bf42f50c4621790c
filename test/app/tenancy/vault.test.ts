import { renameSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import {
  createTestTenant,
  eventually,
  type InProcessService,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';

let tenant: TestTenant;
beforeEach(async () => {
  tenant = await createTestTenant();
});
afterEach(() => tenant.drop());

const rows = async (sql: string): Promise<readonly Record<string, string>[]> => {
  const client = new pg.Client({ connectionString: tenant.database.ownerUrl });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
};

/** Every byte of every row of every table, as text and as the text of its bytes. */
const dumpDatabase = async (): Promise<string> => {
  const tables = await rows(
    `SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace`,
  );
  const parts: string[] = [];
  for (const { relname } of tables) {
    const found = await rows(`SELECT to_jsonb(t)::text AS row FROM ${relname} t`);
    parts.push(
      ...found.map(
        ({ row }) => `${row} ${Buffer.from((row ?? '').replaceAll(/[^0-9a-f]/g, ''), 'hex').toString('latin1')}`,
      ),
    );
    for (const { row } of found)
      for (const [, hex] of (row ?? '').matchAll(/\\\\x([0-9a-f]*)/g))
        parts.push(Buffer.from(hex ?? '', 'hex').toString('latin1'));
  }
  return parts.join('\n');
};

const fill = async (service: InProcessService): Promise<void> => {
  const text = (name: string): string => `canary-${name}`;
  const body = {
    user_id: text('user'),
    agent_id: text('agent'),
    session_id: text('session'),
    app_id: text('app'),
    content: text('content'),
    subject: text('subject'),
    predicate: text('predicate'),
    object: text('object'),
    metadata: { [text('key')]: text('value') },
    source: { uri: text('uri') },
    vector: new Array(64).fill(1.2345678),
  };
  expect((await service.call('POST', '/api/v1/memories', { body })).status).toBe(201);
  await service.call('POST', '/api/v1/keys', { body: { name: text('keyname'), role: 'user', user_id: text('user') } });
};

describe('at rest', () => {
  it('nothing of a memory, its people or its vector is to be read from the database', async () => {
    const service = await startInProcess(tenant);
    await fill(service);
    const dump = await dumpDatabase();
    expect(dump.length).toBeGreaterThan(1000);
    expect(dump).not.toContain('canary');
    expect(dump).not.toContain(Buffer.from(Float32Array.of(1.2345678, 1.2345678).buffer).toString('latin1'));
  });

  it('with field encryption off contents are to be read, and people still are not: the search above can find', async () => {
    const service = await startInProcess(tenant, { FIELD_ENCRYPTION: 'false' });
    await fill(service);
    const dump = await dumpDatabase();
    expect(dump).toContain('canary-content');
    expect(dump).toContain(Buffer.from(Float32Array.of(1.2345678, 1.2345678).buffer).toString('latin1'));
    expect(dump).not.toContain('canary-user');
    const { body } = await service.call('GET', '/api/v1/memories?user_id=canary-user&include=vector');
    expect(body.results).toMatchObject([{ content: 'canary-content', metadata: { 'canary-key': 'canary-value' } }]);
    expect(body.results[0].embedding[0]).toBeCloseTo(1.2345678, 6);
  });

  it('switched on later it seals what comes, and reads what is there', async () => {
    const before = await startInProcess(tenant, { FIELD_ENCRYPTION: 'false' });
    await before.call('POST', '/api/v1/memories', { body: { user_id: 'ada', content: 'old' } });
    await before.stop();
    const after = await startInProcess(tenant);
    await after.call('POST', '/api/v1/memories', { body: { user_id: 'ada', content: 'new' } });
    const { body } = await after.call('GET', '/api/v1/memories?user_id=ada');
    expect(body.results.map(({ content }: { content: string }) => content)).toEqual(['new', 'old']);
    expect((await rows('SELECT sealed FROM memories ORDER BY created_at')).map(({ sealed }) => sealed)).toEqual([
      false,
      true,
    ]);
  });

  it('an envelope moved to another row is refused, not shown', async () => {
    const service = await startInProcess(tenant, { LOG_LEVEL: 'error' });
    const create = async (content: string) =>
      (await service.call('POST', '/api/v1/memories', { body: { user_id: 'ada', content } })).body.id;
    const [one, two] = [await create('one'), await create('two')];
    await rows(
      `UPDATE memories SET envelope = (SELECT envelope FROM memories WHERE id = '${one}') WHERE id = '${two}'`,
    );
    const answer = await service.call('GET', `/api/v1/memories/${two}`);
    expect([answer.status, answer.body.code]).toEqual([409, 'memory_tampered']);
    expect(JSON.stringify(answer.body)).not.toContain('one');
    expect(service.logs.join('')).toContain('security.tamper');
    const { body } = await service.call('GET', '/api/v1/memories?user_id=ada');
    const contents = body.results.map(({ content }: { content: string }) => content);
    expect([contents.includes('one'), contents.includes('two')]).toEqual([true, false]);
  });
});

describe('when the keys bucket is gone', () => {
  it('what is cached goes on, what needs a new key is 503, nothing is written in clear, and it heals', async () => {
    const service = await startInProcess(tenant);
    await fill(service);
    const bucket = join(tenant.directory, 'keys');
    renameSync(bucket, `${bucket}-away`);
    // 1,100 people are more than one block of keys holds.
    const crowd = (from: number) => ({
      memories: Array.from({ length: 1000 }, (_, index) => ({ user_id: `p${from + index}`, content: 'canary-crowd' })),
    });
    expect((await service.call('GET', '/api/v1/memories?user_id=canary-user')).body.results).toHaveLength(1);
    const answers = [];
    for (const from of [0, 1000]) answers.push(await service.call('POST', '/api/v1/memories', { body: crowd(from) }));
    const refused = answers.find(({ status }) => status === 503);
    expect(refused?.body).toMatchObject({ code: 'keys_unavailable' });
    expect(await dumpDatabase()).not.toContain('canary');
    renameSync(`${bucket}-away`, bucket);
    await eventually(
      () => service.call('POST', '/api/v1/memories', { body: crowd(1000) }),
      ({ status }) => status === 200,
    );
  }, 90_000);
});
