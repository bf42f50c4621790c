import { randomUUID } from 'node:crypto';
import {
  eraseDue,
  findTenantById,
  insertTenant,
  reattachTenant,
  retireTenant,
  type TenantRecord,
} from '../../../operator/catalogue/catalogue.js';
import { PreconditionFailed } from '../../../operator/clients/bucket.js';
import { FileKms } from '../../../operator/clients/file-kms.js';
import { done } from '../../../operator/runtime/outcome.js';
import type { TenantDependencies } from '../../../operator/tenant/dependencies.js';
import { createSweeper } from '../../../operator/tenant/sweeper.js';
import { settle } from '../../support/manual-clock.js';
import { createPlaneDatabase, type PlaneDatabase } from '../../support/plane-database.js';

let plane: PlaneDatabase;
beforeAll(async () => {
  plane = await createPlaneDatabase();
});
afterAll(() => plane.drop());

const ERASE_AT = new Date('2026-01-02T00:00:00Z');
const NOW = new Date('2026-01-03T00:00:00Z');

/** A tenant whose grace period is over, with a schema that holds something. */
const due = async (name: string): Promise<TenantRecord> => {
  const tenantId = randomUUID();
  const schema = `t_${tenantId.replaceAll('-', '')}`;
  const place = { tier: 'Pooled', plane: 'default', database: 'pg-a', schema } as const;
  const record = await insertTenant(plane.database, {
    ...{ tenantId, clusterId: 'test', name, namespace: `mem-${name}` },
    ...place,
  });
  await retireTenant(plane.database, tenantId, 'Erasing', ERASE_AT);
  await plane.database.query(`CREATE SCHEMA ${schema}`);
  return record;
};
const stateOf = async ({ tenantId }: TenantRecord) => (await findTenantById(plane.database, 'test', tenantId))?.state;
const hasSchema = async ({ schema }: TenantRecord): Promise<boolean> =>
  (await plane.database.query('SELECT 1 AS found FROM pg_namespace WHERE nspname = $1', [schema])).length > 0;
const back = (record: TenantRecord) =>
  reattachTenant(plane.database, record.tenantId, { name: record.name, namespace: record.namespace });

describe('an erasure that is due', () => {
  it('is not done to a tenant that was taken back after it was found', async () => {
    const record = await due('early');
    await back(record);
    let destroyed = false;
    const done = await eraseDue(plane.database, record.tenantId, NOW, async () => {
      destroyed = true;
    });
    expect([done, destroyed, await stateOf(record)]).toEqual([false, false, 'Active']);
  });

  it('lets nobody take back what is being destroyed, and no second operator destroy it too', async () => {
    const record = await due('late');
    let taking: Promise<TenantRecord | undefined> | undefined;
    let second: boolean | undefined;
    const done = await eraseDue(plane.database, record.tenantId, NOW, async () => {
      taking = back(record);
      second = await eraseDue(plane.database, record.tenantId, NOW, async () => undefined);
    });
    expect([done, second, await taking, await stateOf(record)]).toEqual([true, false, undefined, 'Erased']);
  });

  it('that fails leaves the row as it was, for the next attempt', async () => {
    const record = await due('failing');
    const failing = eraseDue(plane.database, record.tenantId, NOW, () => Promise.reject(new Error('bucket is away')));
    await expect(failing).rejects.toThrow('bucket is away');
    expect(await stateOf(record)).toBe('Erasing');
  });
});

describe('the sweeper', () => {
  /** What the manager wires; the keys of a tenant are one object each, and those of `stuck` cannot be listed. */
  const world = (held: readonly string[], stuck: TenantRecord | undefined) => {
    const keys: string[] = [];
    const errors: unknown[] = [];
    const bucket = {
      list: async (prefix: string) => {
        if (stuck !== undefined && prefix.includes(stuck.tenantId)) {
          throw new PreconditionFailed(prefix, { ifNoneMatch: '*' });
        }
        return keys.filter((name) => name.startsWith(prefix));
      },
    };
    const deps = {
      planes: { list: () => [{ metadata: { name: 'default' }, spec: { clusterID: 'test' } }] },
      // What the server says; the mirror has not heard of it yet.
      kube: { list: async () => ({ items: [{ metadata: { name: 'a' }, spec: { tenantNames: held } }] }) },
      holds: { list: () => [] },
      stores: {
        catalogue: async () => done(plane.database),
        database: async () => done(plane.database),
        keys: () => done({ bucket, kms: new FileKms('/nowhere/key') }),
      },
      log: { info: () => undefined, error: (fields: unknown) => errors.push(fields) },
      now: () => NOW,
    } as unknown as TenantDependencies;
    return { sweeper: createSweeper(deps), errors };
  };

  it('erases what is due, but for what is held and what cannot be erased now, which keeps no other from it', async () => {
    const [stuck, kept, gone] = [await due('stuck'), await due('kept'), await due('gone')];
    const { sweeper, errors } = world(['kept'], stuck);
    await sweeper.look();
    expect([await stateOf(stuck), await stateOf(kept), await stateOf(gone)]).toEqual(['Erasing', 'Erasing', 'Erased']);
    expect([await hasSchema(kept), await hasSchema(gone)]).toEqual([true, false]);
    expect(errors).toContainEqual(expect.objectContaining({ tenant: 'stuck' }));
    expect(errors).not.toContainEqual(expect.objectContaining({ tenant: 'gone' }));
  });

  it('begins no other erasure when it is stopped', async () => {
    const record = await due('waiting');
    const { sweeper } = world([], undefined);
    sweeper.start();
    await sweeper.stop();
    await settle();
    expect(await stateOf(record)).toBe('Erasing');
  });
});
