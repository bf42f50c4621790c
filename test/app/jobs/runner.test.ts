import { resolveGrants } from '../../../app/access/permissions.js';
import type { Principal } from '../../../app/access/principal.js';
import { readMemoryConfig } from '../../../app/config.js';
import { createPool, type Database } from '../../../app/db/pool.js';
import { currentContext, runInContext } from '../../../app/http/context.js';
import { problem } from '../../../app/http/errors.js';
import { createLogger } from '../../../app/http/log.js';
import { createJobs, type JobHandler, type Jobs } from '../../../app/jobs/jobs.js';
import { type JobRunner, startJobRunner } from '../../../app/jobs/runner.js';
import { openBucket, openKms, openTenantKeys } from '../../../app/keys/index.js';
import { createUuid7 } from '../../../app/memories/uuid7.js';
import { createVault, type Vault } from '../../../app/tenancy/vault.js';
import { createTestTenant, eventually, type TestTenant } from '../../support/memory-service.js';

let tenant: TestTenant;
let db: Database;
let vault: Vault;
const runners = new Set<JobRunner>();
const log = createLogger({ level: 'silent', tenant: 'test' });
beforeAll(async () => {
  tenant = await createTestTenant();
  const config = readMemoryConfig(tenant.env);
  db = createPool({ url: config.DATABASE_URL, size: 5, onError: () => undefined });
  const keys = await openTenantKeys({
    tenantId: config.MEMPLANE_TENANT_ID,
    namespace: config.MEMPLANE_NAMESPACE,
    bucket: openBucket(config.KEYS_BUCKET_URL),
    kms: openKms({ provider: config.KMS_PROVIDER, keyId: config.KMS_KEY_ID }),
    blocksInMemory: 4,
    log,
  });
  vault = createVault(keys, true);
});
afterEach(async () => {
  for (const runner of runners) await runner.stop();
  runners.clear();
  await db.query('DELETE FROM jobs');
});
afterAll(async () => {
  await db.end();
  await tenant.drop();
});

const PERSON = '11111111-1111-4111-8111-111111111111';
const asker = (userRef: string | null): Principal => ({
  kind: 'key',
  keyId: '22222222-2222-4222-8222-222222222222',
  role: userRef ? 'user' : 'service',
  grants: resolveGrants(userRef ? ['retrieve', 'ingest:own'] : ['retrieve', 'jobs.manage'], userRef !== null),
  userId: userRef ? 'ada' : null,
  userRef,
  teamRefs: [],
  organizationRefs: [],
  expiresAt: null,
});
const SERVICE = asker(null);
const ADA = asker(PERSON);

const open = (run: JobHandler['run']): Jobs => {
  const jobs = createJobs({ db, vault, newId: createUuid7(), log });
  jobs.register({ kind: 'count', run });
  return jobs;
};
/** Renewed each second; nobody takes it from one who only stood still for a moment. */
const start = (jobs: Jobs, leaseMs = 3_000): JobRunner => {
  const runner = startJobRunner({ db, vault, jobs, log, leaseMs });
  runners.add(runner);
  return runner;
};
const ask = (jobs: Jobs, principal: Principal = SERVICE) =>
  jobs.enqueue(db, { kind: 'count', principal, slot: 0, userRef: principal.userRef, input: { to: 3 }, total: 3 });
const ended = (jobs: Jobs, id: string) =>
  eventually(
    () => jobs.find(SERVICE, id),
    ({ finished_at }) => finished_at !== null,
  );

describe('a job', () => {
  it('is done by somebody, as whoever asked for it, with what it was given', async () => {
    let seen: unknown;
    const jobs = open(async (input, { principal, progress }) => {
      seen = { input, principal };
      await progress({ total: 3, done: 2, failed: 0 });
      return { result: { counted: 3 }, progress: { total: 3, done: 3, failed: 0 } };
    });
    start(jobs);
    const job = await ask(jobs, ADA);
    expect(job).toMatchObject({ kind: 'count', status: 'pending', progress: { total: 3, done: 0, failed: 0 } });
    expect(await ended(jobs, job.id)).toMatchObject({
      status: 'succeeded',
      progress: { total: 3, done: 3, failed: 0 },
      result: { counted: 3 },
    });
    expect(seen).toEqual({ input: { to: 3 }, principal: ADA });
  });

  it('goes on under the ids of the request that asked, as whoever asked, for the log and the audit log', async () => {
    let inside: ReturnType<typeof currentContext>;
    const jobs = open(async () => {
      inside = currentContext();
      return { result: null, progress: { total: 1, done: 1, failed: 0 } };
    });
    const lines: string[] = [];
    const heard = createLogger({ level: 'info', tenant: 'test' }, { write: (line) => void lines.push(line) });
    runners.add(startJobRunner({ db, vault, jobs, log: heard, leaseMs: 3_000 }));
    const request = { requestId: 'req-1', traceId: 'a'.repeat(32), startedAt: 0, operation: 'x', principal: SERVICE };
    const { id } = await runInContext(request, () => ask(jobs));
    expect(await ended(jobs, id)).toMatchObject({ status: 'succeeded' });

    expect(inside).toMatchObject({ requestId: 'req-1', traceId: request.traceId, operation: 'count' });
    expect(inside?.principal?.keyId).toBe(SERVICE.keyId);
    const told = await eventually(
      async () => lines.map((line) => JSON.parse(line)).find(({ msg }) => msg === 'job ended'),
      (line) => line !== undefined,
    );
    expect(told).toMatchObject({ job: id, requestId: 'req-1', traceId: request.traceId, status: 'succeeded' });
  });

  it('with a thing that failed is never a success', async () => {
    const jobs = open(async () => ({ result: null, progress: { total: 3, done: 2, failed: 1 } }));
    start(jobs);
    expect((await ended(jobs, (await ask(jobs)).id)).status).toBe('partial');
  });

  it('that died with its replica is taken over when the lease is over, and the dead one can say nothing more', async () => {
    let first: (() => void) | undefined;
    let begun = 0;
    const jobs = open(async () => {
      begun += 1;
      if (begun === 1) {
        // As if it stood still for longer than its lease.
        await db.query(`UPDATE jobs SET run_at = now() - interval '1 second'`);
        await new Promise<void>((resolve) => {
          first = resolve;
        });
        throw new Error('too late');
      }
      return { result: begun, progress: { total: 1, done: 1, failed: 0 } };
    });
    start(jobs, 60_000);
    start(jobs, 60_000);
    const job = await ask(jobs);
    expect(await ended(jobs, job.id)).toMatchObject({ status: 'succeeded', result: 2 });
    first?.();
    for (const runner of runners) await runner.stop();
    expect(await jobs.find(SERVICE, job.id)).toMatchObject({ status: 'succeeded', result: 2 });
  });

  it('is given back at once by a replica that ends', async () => {
    let begun = 0;
    const jobs = open(async (_, { signal }) => {
      begun += 1;
      if (begun === 1)
        await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      return { result: begun, progress: { total: 1, done: 1, failed: 0 } };
    });
    const ending = start(jobs, 60_000);
    const job = await ask(jobs);
    await eventually(
      async () => begun,
      (count) => count === 1,
    );
    await ending.stop();
    start(jobs, 60_000);
    expect(await ended(jobs, job.id)).toMatchObject({ status: 'succeeded', result: 2 });
  });

  it('stops when it is cancelled, keeps what it did, and begins anew when it is tried again', async () => {
    let cancelled = false;
    const jobs = open(async (_, { progress }) => {
      for (let done = 1; !cancelled; done++) await progress({ total: 1000, done, failed: 0 });
      return { result: 'after all', progress: { total: 1000, done: 1000, failed: 0 } };
    });
    start(jobs);
    const job = await ask(jobs);
    await eventually(
      () => jobs.find(SERVICE, job.id),
      ({ progress }) => progress.done > 2,
    );
    await jobs.cancel(SERVICE, job.id);
    const stopped = await ended(jobs, job.id);
    expect(stopped).toMatchObject({ status: 'cancelled', error: { code: 'cancelled' } });
    expect(stopped.progress.done).toBeGreaterThan(2);
    cancelled = true;
    await jobs.retry(SERVICE, job.id);
    expect(await ended(jobs, job.id)).toMatchObject({ status: 'succeeded', result: 'after all' });
    await expect(jobs.retry(SERVICE, job.id)).rejects.toThrow('The job is succeeded');
  });

  it('says why it failed and what to do, without what is nobody else’s business', async () => {
    const failures = [problem('quota_exceeded', 'Full.', { remedy: 'Delete.' }), new Error('secret of the inside')];
    const jobs = open(async () => {
      throw failures.shift();
    });
    start(jobs);
    expect(await ended(jobs, (await ask(jobs)).id)).toMatchObject({
      status: 'failed',
      error: { code: 'quota_exceeded', detail: 'Full.', remedy: 'Delete.' },
    });
    const { error } = await ended(jobs, (await ask(jobs)).id);
    expect(error?.code).toBe('internal');
    expect(JSON.stringify(error)).not.toContain('secret');
  });

  it('waits when the provider is away, and is not lost', async () => {
    let begun = 0;
    const jobs = open(async () => {
      begun += 1;
      if (begun === 1) throw problem('provider_unavailable', 'Away.');
      return { result: begun, progress: { total: 1, done: 1, failed: 0 } };
    });
    start(jobs);
    const job = await ask(jobs);
    await eventually(
      () => jobs.find(SERVICE, job.id),
      ({ status }) => begun === 1 && status === 'pending',
    );
    await db.query('UPDATE jobs SET run_at = now()');
    expect(await ended(jobs, job.id)).toMatchObject({ status: 'succeeded', result: 2 });
  });

  it('is seen by its person and by the tenant’s keys, by nobody else', async () => {
    const jobs = open(async () => ({ result: 1, progress: { total: 1, done: 1, failed: 0 } }));
    const mine = await ask(jobs, ADA);
    const other = await ask(jobs, asker('33333333-3333-4333-8333-333333333333'));
    const page = { status: null, after: null, limit: 10 };
    expect((await jobs.list(ADA, page)).map(({ id }) => id)).toEqual([mine.id]);
    expect((await jobs.list(SERVICE, page)).map(({ id }) => id)).toEqual([other.id, mine.id]);
    await expect(jobs.find(ADA, other.id)).rejects.toMatchObject({ code: 'not_found' });
    await expect(jobs.cancel(ADA, other.id)).rejects.toMatchObject({ code: 'not_found' });
    await expect(jobs.retry(ADA, other.id)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('keeps what it was asked and what came of it sealed', async () => {
    const canary = 'canary-of-a-job';
    const jobs = open(async () => ({ result: canary, progress: { total: 1, done: 1, failed: 0 } }));
    start(jobs);
    const job = await jobs.enqueue(db, { kind: 'count', principal: ADA, slot: 0, userRef: PERSON, input: canary });
    expect((await ended(jobs, job.id)).result).toBe(canary);
    const { rows } = await db.query('SELECT * FROM jobs');
    const bytes = Buffer.concat([rows[0].sealed_input, rows[0].sealed_result]);
    expect(bytes.includes(canary)).toBe(false);
    expect(bytes.includes('ada')).toBe(false);
  });
});
