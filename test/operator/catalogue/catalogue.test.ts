import { randomUUID } from 'node:crypto';
import {
  countTenants,
  findDueErasures,
  findTenantById,
  findTenants,
  insertTenant,
  type NewTenant,
  reattachTenant,
  recordBootstrapKey,
  recordCredential,
  retireTenant,
} from '../../../operator/catalogue/catalogue.js';
import { migrateCatalogue } from '../../../operator/catalogue/migrate.js';
import { createPlaneDatabase, type PlaneDatabase } from '../../support/plane-database.js';

let plane: PlaneDatabase;
beforeAll(async () => {
  plane = await createPlaneDatabase();
});
afterAll(() => plane.drop());

const newTenant = (name: string): NewTenant => {
  const tenantId = randomUUID();
  return {
    tenantId,
    clusterId: 'test',
    name,
    namespace: `mem-${name}`,
    tier: 'Pooled',
    plane: 'default',
    database: 'pg-a',
    schema: `t_${tenantId.replaceAll('-', '')}`,
  };
};

describe('the catalogue', () => {
  it('is made once, however many operators start', async () => {
    await Promise.all([1, 2, 3].map(() => migrateCatalogue(plane.database)));
    expect(await plane.database.query('SELECT version FROM memplane.migrations ORDER BY version')).toEqual([
      { version: 1 },
      { version: 2 },
    ]);
  });

  it('gives two workers that register one name the same tenant', async () => {
    const records = await Promise.all([1, 2, 3, 4].map(() => insertTenant(plane.database, newTenant('race'))));
    expect(new Set(records.map((record) => record.tenantId)).size).toBe(1);
  });

  it('keeps a retained tenant beside a living one of its name, and gives it back by its id', async () => {
    const first = await insertTenant(plane.database, newTenant('kept'));
    await recordCredential(plane.database, first.tenantId, 'uid-1');
    await recordBootstrapKey(plane.database, first.tenantId, 'uid-2');
    await retireTenant(plane.database, first.tenantId, 'Retained', undefined);
    const second = await insertTenant(plane.database, newTenant('kept'));
    expect((await findTenants(plane.database, 'test', 'kept')).map((record) => record.state)).toEqual([
      'Retained',
      'Active',
    ]);

    const back = await reattachTenant(plane.database, first.tenantId, { name: 'renamed', namespace: 'mem-renamed' });
    expect(back).toMatchObject({ ...first, name: 'renamed', namespace: 'mem-renamed' });
    expect(back?.credentialSecretUid).toBeUndefined();
    expect(back?.bootstrapNamespaceUid).toBeUndefined();
    expect(await reattachTenant(plane.database, second.tenantId, { name: 'x', namespace: 'mem-x' })).toBeUndefined();
  });

  it('names what is due for erasure, and never hands out what was erased', async () => {
    const tenant = await insertTenant(plane.database, newTenant('gone'));
    await retireTenant(plane.database, tenant.tenantId, 'Erasing', new Date(1_000));
    expect(await findDueErasures(plane.database, 'test', new Date(999))).toEqual([]);
    expect(await findDueErasures(plane.database, 'test', new Date(1_000))).toMatchObject([
      { tenantId: tenant.tenantId },
    ]);
    await retireTenant(plane.database, tenant.tenantId, 'Erased', undefined);
    expect(await findTenants(plane.database, 'test', 'gone')).toEqual([]);
    expect(
      await reattachTenant(plane.database, tenant.tenantId, { name: 'gone', namespace: 'mem-gone' }),
    ).toBeUndefined();
    expect((await findTenantById(plane.database, 'test', tenant.tenantId))?.state).toBe('Erased');
  });

  it('counts tenants by database and state, without the erased', async () => {
    const before = await countTenants(plane.database, 'test', 'default');
    expect(before.every((count) => count.state !== 'Erased' && count.database === 'pg-a')).toBe(true);
    await insertTenant(plane.database, newTenant('counted'));
    const active = (counts: typeof before): number => counts.find((count) => count.state === 'Active')?.tenants ?? 0;
    expect(active(await countTenants(plane.database, 'test', 'default'))).toBe(active(before) + 1);
  });
});
