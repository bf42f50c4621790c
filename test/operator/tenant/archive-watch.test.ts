import type { MemoryTenant, MemoryTenantStatus } from '../../../operator/api/v1alpha1/types.js';
import { RESOURCES } from '../../../operator/clients/kube-resources.js';
import type { Database } from '../../../operator/clients/postgres.js';
import { done } from '../../../operator/runtime/outcome.js';
import { archiveJobName, dueRun } from '../../../operator/tenant/archive-schedule.js';
import { createArchiveWatch, endOf, readArchivedThrough } from '../../../operator/tenant/archive-watch.js';
import type { TenantDependencies } from '../../../operator/tenant/dependencies.js';
import { foldStatus } from '../../../operator/tenant/status.js';
import { KubeMemory } from '../../support/kube-memory.js';
import {
  createTestTenant,
  type InProcessService,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';
import { openByAddress } from '../../support/plane-database.js';
import { createTestDatabase } from '../../support/postgres.js';

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

const archived = (size: number) =>
  database.query(
    `INSERT INTO ${tenant.database.schema}.audit_archives (size, objects, retain_until) VALUES (${size}, 1, now())`,
  );

const INTERVAL_S = 3_600;
const TENANT_ID = '7f3c2f0e-5a5b-4c5d-8e9f-0a1b2c3d4e5f';

/** What the manager wires, with one tenant, whose status is kept instead of sent. */
const world = () => {
  let now = Date.parse('2026-11-21T10:00:00Z');
  const kube = new KubeMemory();
  const placement = { tier: 'Pooled', plane: 'default', database: 'pg-a', schema: tenant.database.schema };
  const available = { type: 'Available', status: 'True', reason: 'Available', message: '', lastTransitionTime: '' };
  let live = {
    metadata: { name: 'acme', uid: 'acme', generation: 3 },
    spec: { planeRef: { name: 'default' }, audit: { archiveInterval: '1h' }, mode: 'Active', paused: false },
    status: { tenantID: TENANT_ID, namespace: 'mem-acme', placement, conditions: [available] },
  } as unknown as MemoryTenant;
  const writes: MemoryTenantStatus[] = [];
  const deps = {
    kube,
    tenants: { list: () => [live], get: () => live },
    planes: { get: () => ({ spec: { buckets: { audit: { provider: 'file', name: '/tmp/audit' } } } }) },
    stores: { database: async () => done(database) },
    log: { warn: () => undefined },
    now: () => new Date(now),
    patchStatus: async (_: MemoryTenant, status: MemoryTenantStatus) => {
      live = { ...live, status };
      writes.push(status);
    },
  } as unknown as TenantDependencies;
  const nameOfRun = (): string => archiveJobName(dueRun(TENANT_ID, INTERVAL_S, new Date(now)));
  const job = async (conditions: readonly object[]) => {
    const metadata = { name: nameOfRun(), namespace: 'mem-acme' };
    await kube.create(RESOURCES.jobs, {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata,
      status: { conditions },
    } as never);
  };
  return {
    ...{ watch: createArchiveWatch(deps), writes, job, nameOfRun },
    status: () => live.status as MemoryTenantStatus,
    nextRun: () => {
      now += INTERVAL_S * 1_000;
    },
  };
};

const FAILED = { type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded', message: 'it has reached the limit' };
const COMPLETE = { type: 'Complete', status: 'True' };
const audit = (status: MemoryTenantStatus) => status.conditions?.find(({ type }) => type === 'AuditReady');

describe('how a run ended', () => {
  it.each([
    ['not begun to count', undefined, undefined],
    ['under way', [], undefined],
    ['about to fail', [{ ...FAILED, type: 'FailureTarget' }], undefined],
    ['failed before it was given up', [{ ...FAILED, status: 'False' }], undefined],
    ['complete', [COMPLETE], { failed: false }],
    ['failed', [FAILED], { failed: true, why: 'BackoffLimitExceeded: it has reached the limit' }],
  ])('is read of its Job: %s', (_, conditions, end) => {
    expect(endOf({ status: { conditions } } as never)).toEqual(end);
  });

  it('is how far the run itself wrote down that the log is locked', async () => {
    // What is written down there is never taken back: nobody has written down anything in one of its own.
    const empty = await createTestDatabase();
    const untold = openByAddress(empty.adminUrl);
    expect(await readArchivedThrough(untold, empty.schema)).toBeUndefined();
    expect(await readArchivedThrough(untold, 'pg_catalog')).toBeUndefined();
    await untold.close();
    await empty.drop();
  });
});

describe('the tenant', () => {
  it('says that a run failed, why, and what to do, and takes it back after one that succeeds', async () => {
    const { watch, writes, job, nameOfRun, status, nextRun } = world();
    await watch.look();
    expect(writes).toEqual([]);
    await job([FAILED]);
    await watch.look();
    expect(audit(status())).toMatchObject({ status: 'False', reason: 'ArchiveFailed', observedGeneration: 3 });
    const { message } = audit(status()) as { message: string };
    for (const part of [
      `mem-acme/${nameOfRun()}`,
      'BackoffLimitExceeded',
      'kubectl logs -n mem-acme job/',
      'nothing is under lock',
    ])
      expect(message).toContain(part);
    expect(status().audit).toBeUndefined();
    // Told once; what comes next is another run.
    await watch.look();
    expect(writes).toHaveLength(1);
    nextRun();
    await archived(7);
    await job([COMPLETE]);
    await watch.look();
    expect(audit(status())).toMatchObject({ status: 'True', reason: 'Archived' });
    expect(status().audit).toEqual({ archivedThrough: 6 });
    nextRun();
    await job([FAILED]);
    await watch.look();
    expect(audit(status())?.message).toContain('events up to 6 are under lock');
    expect(status().audit).toEqual({ archivedThrough: 6 });
    expect(status().conditions?.map(({ type }) => type)).toEqual(['Available', 'AuditReady']);
  });

  it('keeps saying so while it reconciles', async () => {
    const { watch, job, status } = world();
    await job([FAILED]);
    await watch.look();
    const findings = { gate: undefined, phases: [], facts: {}, paused: false, suspended: false };
    const next = foldStatus(status(), 4, findings, new Date());
    expect(audit(next)).toEqual(audit(status()));
    expect(next.audit).toEqual(status().audit);
  });
});
