import type { MemoryPlane } from '../api/v1alpha1/types.js';
import { findDueErasures, retireTenant, type TenantRecord } from '../catalogue/catalogue.js';
import { destroyKeyring, retainedPlace } from '../clients/keyring.js';
import { connectionProblem, type Database } from '../clients/postgres.js';
import type { TenantDependencies } from './dependencies.js';
import { dropTenant } from './phases/database/apply.js';

/** Destroys what was deleted with `Erase` and whose grace period is over, unless a hold names it. */
export async function sweepErasures(deps: TenantDependencies): Promise<void> {
  for (const plane of deps.planes.list()) {
    const catalogue = await deps.stores.catalogue(plane);
    if (catalogue.kind !== 'done') continue;
    const due = await findDue(deps, plane, catalogue.facts);
    for (const record of due.filter(({ plane: name }) => name === plane.metadata.name)) {
      if (isHeld(deps, record.name)) continue;
      await erase(deps, plane, catalogue.facts, record);
    }
  }
}

/** A database that is away is told by its plane's status; what is due is still due at the next sweep. */
async function findDue(
  deps: TenantDependencies,
  plane: MemoryPlane,
  catalogue: Database,
): Promise<readonly TenantRecord[]> {
  try {
    return await findDueErasures(catalogue, plane.spec.clusterID, deps.now());
  } catch (error) {
    if (connectionProblem(error) === undefined) throw error;
    return [];
  }
}

const isHeld = (deps: TenantDependencies, tenant: string): boolean =>
  deps.holds.list().some(({ spec }) => spec.tenantNames.includes(tenant));

async function erase(
  deps: TenantDependencies,
  plane: MemoryPlane,
  catalogue: Database,
  record: TenantRecord,
): Promise<void> {
  const database = await deps.stores.database(plane, record.database);
  const keys = deps.stores.keys(plane);
  if (database.kind !== 'done' || keys.kind !== 'done') return;
  await dropTenant(database.facts, record.schema);
  await destroyKeyring(keys.facts.bucket, retainedPlace(record.tenantId));
  await retireTenant(catalogue, record.tenantId, 'Erased', undefined);
  deps.log.info({ tenant: record.name, tenantId: record.tenantId }, 'erased after its grace period');
}
