import type { MemoryTenant, MemoryTenantStatus } from '../../../operator/api/v1alpha1/types.js';
import { KubeError } from '../../../operator/clients/kube.js';
import type { Database } from '../../../operator/clients/postgres.js';
import { done } from '../../../operator/runtime/outcome.js';
import type { TenantDependencies } from '../../../operator/tenant/dependencies.js';
import { createUsageWatch, planUsage, readUsage } from '../../../operator/tenant/usage.js';
import {
  createTestTenant,
  type InProcessService,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';
import { openByAddress } from '../../support/plane-database.js';

let tenant: TestTenant;
let service: InProcessService;
let database: Database;
beforeAll(async () => {
  tenant = await createTestTenant();
  service = await startInProcess(tenant);
  database = openByAddress(tenant.database.adminUrl);
});
afterAll(async () => {
  await database?.close();
  await service?.stop();
  await tenant?.drop();
});

const remember = (content: string) =>
  service.call('POST', '/api/v1/memories?wait=indexed', { body: { user_id: 'ada', content } });
const read = async () => {
  const counted = await readUsage(database, tenant.database.schema);
  if (counted === undefined) throw new Error('there are no tables');
  return counted;
};

describe('what a tenant uses', () => {
  it('is what its tables say', async () => {
    const before = await read();
    await remember('likes tea');
    await remember('likes coffee');
    const bytes = 'A'.repeat(4_000);
    await service.call('POST', '/api/v1/artifacts', { body: { user_id: 'ada', name: 'a.bin', content: bytes } });
    await database.query(
      `INSERT INTO ${tenant.database.schema}.usage_daily (day, kind, count)
       VALUES ((now() AT TIME ZONE 'UTC')::date, 'extraction_tokens_in', 40), ((now() AT TIME ZONE 'UTC')::date - 1, 'embedding_tokens', 9)`,
    );
    const after = await read();
    expect([after.memories - before.memories, after.vectors - before.vectors, after.tokensToday]).toEqual([2, 2, 40]);
    expect(before.storageBytes).toBeGreaterThan(100_000);
    expect(after.storageBytes - before.storageBytes).toBeGreaterThanOrEqual(3_000);
  });

  it('is not known before the service has made its tables', async () => {
    await database.query('CREATE SCHEMA IF NOT EXISTS not_yet_migrated');
    expect(await readUsage(database, 'not_yet_migrated')).toBeUndefined();
    await database.query('DROP SCHEMA not_yet_migrated');
  });
});

describe('the status', () => {
  const counted = { memories: 1_000, vectors: 1_000, storageBytes: 1_000_000, tokensToday: 0 };
  const shown = { observedTime: '2026-11-21T10:00:00Z', ...counted };
  const at = (text: string): Date => new Date(`2026-11-21T${text}Z`);

  it('says it the first time at once', () => {
    expect(planUsage(undefined, counted, at('10:00:00.500'))).toEqual(shown);
  });

  it.each([
    ['nothing moved', {}, '10:30:00', false],
    ['less than a percent', { memories: 1_009, storageBytes: 1_009_999 }, '10:30:00', false],
    ['a percent more', { memories: 1_010 }, '10:30:00', true],
    ['a percent less', { storageBytes: 990_000 }, '10:30:00', true],
    ['the first of something', { tokensToday: 1 }, '10:30:00', true],
    ['all of it, but long before five minutes', { memories: 5_000 }, '10:04:44', false],
    ['all of it, by the next look, which began as the last was still reading', { memories: 5_000 }, '10:04:59', true],
    ['all of it, five minutes later', { memories: 0 }, '10:05:00', true],
  ])('is written or not: %s', (_, change, time, isWritten) => {
    expect(planUsage(shown, { ...counted, ...change }, at(time)) !== undefined).toBe(isWritten);
  });
});

describe('looking at all tenants', () => {
  const tenantOf = (name: string, schema: string | undefined): MemoryTenant => {
    const placement = { tier: 'Pooled', plane: 'default', database: 'pg-a', schema };
    const status = schema === undefined ? {} : { placement, conditions: [] };
    const spec = { planeRef: { name: 'default' }, providers: { embedding } };
    return { metadata: { name, uid: name }, spec, status } as never;
  };
  /** What the tests' service embeds with, as a spec would have to say it. */
  let embedding: Record<string, unknown>;
  beforeAll(async () => {
    await remember('has a vector');
    const [row] = await database.query<{ model: string }>(
      `SELECT model FROM ${tenant.database.schema}.vectors LIMIT 1`,
    );
    embedding = { provider: 'local', model: row?.model };
  });
  /** What the manager wires, with the writes of statuses kept instead of sent. */
  const world = (tenants: MemoryTenant[], fail?: () => unknown) => {
    let now = Date.parse('2026-11-21T10:00:00Z');
    const written: string[] = [];
    const asked: string[] = [];
    const deps = {
      tenants: { list: () => tenants, get: (name: string) => tenants.find(({ metadata }) => metadata.name === name) },
      planes: { get: () => ({ metadata: { name: 'default' } }) },
      stores: {
        database: async (_: unknown, name: string) => {
          asked.push(name);
          return done(database);
        },
      },
      log: { warn: () => undefined },
      now: () => new Date(now),
      patchStatus: async ({ metadata }: MemoryTenant, status: MemoryTenantStatus) => {
        if (fail) throw fail();
        const index = tenants.findIndex((one) => one.metadata.uid === metadata.uid);
        tenants[index] = { ...tenants[index], status } as MemoryTenant;
        written.push(`${metadata.name} ${status.usage?.memories}`);
      },
    } as unknown as TenantDependencies;
    const pass = (ms: number): void => {
      now += ms;
    };
    return { watch: createUsageWatch(deps), written, asked, pass };
  };

  it('writes each once, looks again after five minutes, and writes again only what moved', async () => {
    const { schema } = tenant.database;
    const before = (await read()).memories;
    const { watch, written, asked, pass } = world([tenantOf('acme', schema), tenantOf('new', undefined)]);
    await watch.look();
    pass(15_000);
    await watch.look();
    expect([written, asked.length]).toEqual([[`acme ${before}`], 1]);
    pass(5 * 60_000);
    await watch.look();
    expect([written.length, asked.length]).toEqual([1, 2]);
    await remember('one more');
    pass(5 * 60_000);
    await watch.look();
    expect(written).toEqual([`acme ${before}`, `acme ${before + 1}`]);
  });

  it('tells of vectors that are of another model than the spec names, until they are embedded anew', async () => {
    const { schema } = tenant.database;
    const ready = { type: 'VectorsReady', status: 'True', reason: 'Ready', message: 'vectors in place' };
    const changed = tenantOf('acme', schema) as unknown as { spec: { providers: object }; status: object };
    Object.assign(changed.status, { conditions: [{ ...ready, lastTransitionTime: '2026-11-21T09:00:00Z' }] });
    changed.spec.providers = { embedding: { provider: 'ollama', model: 'other' } };
    const tenants = [changed as unknown as MemoryTenant];
    const { watch, pass } = world(tenants);
    await watch.look();
    const told = tenants[0]?.status;
    expect(told?.embedding?.migration).toEqual({ model: 'ollama/other', progressPercent: 0 });
    expect(told?.conditions).toMatchObject([{ type: 'VectorsReady', status: 'False', reason: 'EmbeddingChanged' }]);
    expect(told?.conditions?.[0]?.message).toContain('POST /api/v1/reembed');
    await database.query(`UPDATE ${schema}.vectors SET model = 'ollama/other'`);
    pass(5 * 60_000);
    await watch.look();
    expect(tenants[0]?.status?.embedding).not.toHaveProperty('migration');
    expect(tenants[0]?.status?.conditions).toMatchObject([{ ...ready, lastTransitionTime: '2026-11-21T10:05:00Z' }]);
    await database.query(`UPDATE ${schema}.vectors SET model = $1`, [embedding.model]);
  });

  it('comes back soon to who was changed meanwhile, or has no tables yet', async () => {
    const conflict = new KubeError({ status: 409, reason: 'Conflict', message: 'changed' });
    const { watch, asked, pass } = world(
      [tenantOf('acme', tenant.database.schema), tenantOf('early', 'pg_catalog')],
      () => conflict,
    );
    await watch.look();
    pass(15_000);
    await watch.look();
    expect(asked).toHaveLength(4);
  });
});
