import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import pg from 'pg';
import { readMigrations } from '../../app/db/migrate.js';
import { createTestTenant, eventually, runEntry, startChild, type TestTenant } from '../support/memory-service.js';
import { createTestDatabase } from '../support/postgres.js';

/** These suites run what is built; `npm test` builds first, a lone run of this file may have to. */
beforeAll(() => {
  if (!existsSync('dist/app/main.js')) execFileSync('npm', ['run', '-s', 'build'], { stdio: 'inherit' });
}, 60_000);

describe('the entry', () => {
  it('names its roles when it is given another, and ends with 2', async () => {
    expect(await runEntry(['nix'], {})).toMatchObject({
      code: 2,
      stderr: 'The role "nix" is not known; roles: memory, migrate, archive\n',
    });
    expect(await runEntry([], {})).toMatchObject({
      code: 2,
      stderr: 'No role was given; roles: memory, migrate, archive\n',
    });
  });

  it('tells what its roles do to whoever asks', async () => {
    const { code, stdout } = await runEntry(['--help'], {});
    expect([code, stdout]).toEqual([0, expect.stringMatching(/memory .*\n.*migrate .*\n.*archive /)]);
  });

  it('ends with 78 and one line for each wrong key, never showing a secret', async () => {
    const { code, stderr } = await runEntry(['memory'], {
      PORT: 'x',
      CORS_ORIGINS: '*',
      MEMPLANE_BOOTSTRAP_KEY: 'shortsecret',
    });
    expect(code).toBe(78);
    expect(stderr).toContain('PORT="x" is not allowed; allowed: 0 to 65535');
    expect(stderr).toContain('CORS_ORIGINS="*" is not allowed');
    expect(stderr).toContain('DATABASE_URL is required');
    expect(stderr).toContain('MEMPLANE_BOOTSTRAP_KEY=(hidden) is not allowed; allowed: at least 16 characters');
    expect(stderr).not.toContain('shortsecret');
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it('migrates, twice, and says what it did', async () => {
    const database = await createTestDatabase({ migrated: false });
    const env = { MIGRATE_DATABASE_URL: database.ownerUrl, MEMPLANE_SERVICE_ROLE: database.serviceRole };
    const applied = async (): Promise<number> => {
      const { code, stdout } = await runEntry(['migrate'], env);
      expect(code).toBe(0);
      return (JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { applied: number }).applied;
    };
    expect([await applied(), await applied()]).toEqual([readMigrations().length, 0]);
    await database.drop();
  });

  it('refuses vectors that its model does not make, at start', async () => {
    const tenant = await createTestTenant();
    const { code, stderr } = await runEntry(['memory'], { ...tenant.env, EMBEDDING_PROVIDER: 'local' });
    expect([code, stderr]).toEqual([78, expect.stringContaining('VECTOR_DIMENSIONS=64 is not allowed; allowed: 512')]);
    await tenant.drop();
  });
});

/** Processor time and not the clock's, which other processes stretch. */
const METER = 'data:text/javascript,process.on(%22exit%22,()=>console.error(JSON.stringify(process.resourceUsage())))';

describe('the running service', () => {
  let tenant: TestTenant;
  beforeEach(async () => {
    tenant = await createTestTenant();
  });
  afterEach(() => tenant.drop());

  it('is ready with little work, and ends with 0 on SIGTERM', async () => {
    const startedAt = performance.now();
    const child = await startChild(tenant, { NODE_OPTIONS: `--import ${METER}` });
    const { status } = await child.call('GET', '/ready', { key: null });
    const ms = performance.now() - startedAt;
    expect(status).toBe(200);
    expect(await child.end('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(child.output()).toContain('"msg":"stopped"');
    // The target is 1.5 s on a machine that does nothing else. This one may be slow, and busy with other suites.
    const metered =
      child
        .output()
        .split('\n')
        .find((line) => line.includes('userCPUTime')) ?? '{}';
    const { userCPUTime, systemCPUTime } = JSON.parse(metered);
    expect((userCPUTime + systemCPUTime) / 1e6).toBeLessThan(9);
    expect(ms).toBeLessThan(45_000);
  });

  it('finishes the requests in flight before it ends, and takes no new ones', async () => {
    const child = await startChild(tenant);
    const begun = await Promise.all([1, 2, 3].map((index) => beginWrite(child.url, tenant.adminKey, `fact ${index}`)));
    const ended = child.end('SIGTERM');
    await eventually(
      () =>
        child.call('GET', '/health/live', { key: null }).then(
          () => 'answered',
          () => 'refused',
        ),
      (outcome) => outcome === 'refused',
    );
    expect(await Promise.all(begun.map((finish) => finish()))).toEqual([201, 201, 201]);
    expect(await ended).toEqual({ code: 0, signal: null });
    expect(await countMemories(tenant)).toBe(3);
  });

  it('killed at any moment it loses nothing it acknowledged, and its successor makes the vectors it owed', async () => {
    const first = await startChild(tenant);
    const acknowledged: string[] = [];
    let killed = false;
    const write = async (): Promise<void> => {
      while (!killed) {
        const id = randomUUID();
        const answer = await first
          .call('POST', '/api/v1/memories', { body: { id, user_id: 'ada', content: `fact ${id}` } })
          .catch(() => undefined);
        if (answer?.status === 201) acknowledged.push(id);
      }
    };
    const writers = [write(), write(), write()];
    await eventually(
      async () => acknowledged.length,
      (count) => count >= 40,
    );
    killed = (await first.end('SIGKILL')).signal === 'SIGKILL';
    await Promise.all(writers);
    const second = await startChild(tenant);
    const statuses = await eventually(
      () => vectorStatuses(tenant, acknowledged),
      (rows) => rows.every((status) => status === 1),
      40_000,
    );
    expect(statuses).toHaveLength(acknowledged.length);
    const id = acknowledged.at(-1);
    const found = await second.call('POST', '/api/v1/memories/search', {
      body: { user_id: 'ada', query: `fact ${id}`, limit: 1 },
    });
    expect(found.body.results).toMatchObject([{ id }]);
    await second.end('SIGTERM');
  }, 90_000);
});

describe('the local model', () => {
  let tenant: TestTenant;
  beforeEach(async () => {
    tenant = await createTestTenant();
  });
  afterEach(() => tenant.drop());

  it('finds what is meant, not what is written, and needs no network', async () => {
    const child = await startChild(tenant, { EMBEDDING_PROVIDER: 'local', VECTOR_DIMENSIONS: '512' });
    const facts = ['The user prefers tea over coffee', 'He works as a surgeon in a hospital', 'Her birthday is in May'];
    const memories = facts.map((content) => ({ content, user_id: 'ada' }));
    expect((await child.call('POST', '/api/v1/memories', { body: { memories } })).body.summary).toMatchObject({
      created: 3,
    });
    const isDone = (row: { readonly vector_status: string }): boolean => row.vector_status === 'succeeded';
    await eventually(
      () => child.call('GET', '/api/v1/memories?user_id=ada'),
      ({ body }) => body.results.filter(isDone).length === 3,
    );
    // Not a word in common with what they are to find.
    for (const [query, content] of [
      ['favourite hot drink', facts[0]],
      ['occupation of this doctor', facts[1]],
    ]) {
      const found = await child.call('POST', '/api/v1/memories/search', { body: { user_id: 'ada', query } });
      expect(found.body).toMatchObject({ degraded: [], results: [{ content }, {}, {}] });
    }
    expect(await child.end('SIGTERM')).toEqual({ code: 0, signal: null });
  }, 90_000);
});

/** Sends the head of a request and waits until the service asks for the body: from then on it is in flight. */
const beginWrite = (url: string, key: string, content: string): Promise<() => Promise<number | undefined>> =>
  new Promise((begun, reject) => {
    const body = JSON.stringify({ user_id: 'ada', content });
    const headers = {
      'X-API-Key': key,
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
      Expect: '100-continue',
    };
    const request = httpRequest(`${url}/api/v1/memories`, { method: 'POST', headers });
    const status = new Promise<number | undefined>((resolve) => {
      request.once('response', (response) => resolve(response.resume().statusCode));
    });
    request.once('error', reject);
    request.once('continue', () =>
      begun(() => {
        request.end(body);
        return status;
      }),
    );
    request.flushHeaders();
  });

const query = async <T extends pg.QueryResultRow>(
  tenant: TestTenant,
  sql: string,
  values: readonly unknown[] = [],
): Promise<readonly T[]> => {
  const client = new pg.Client({ connectionString: tenant.database.ownerUrl });
  await client.connect();
  const { rows } = await client.query<T>(sql, [...values]);
  await client.end();
  return rows;
};
const countMemories = async (tenant: TestTenant): Promise<number> =>
  Number((await query<{ n: string }>(tenant, 'SELECT count(*) AS n FROM memories'))[0]?.n);
const vectorStatuses = async (tenant: TestTenant, ids: readonly string[]): Promise<readonly number[]> =>
  (
    await query<{ vector_status: number }>(tenant, 'SELECT vector_status FROM memories WHERE id = ANY ($1::uuid[])', [
      ids,
    ])
  ).map((row) => row.vector_status);
