import type { MemoryPlane } from '../api/v1alpha1/types.js';
import { eraseDue, findDueErasures, type TenantRecord } from '../catalogue/catalogue.js';
import { destroyKeyring, retainedPlace } from '../clients/keyring.js';
import { hidesKeys } from '../clients/kms.js';
import { connectionProblem, type Database } from '../clients/postgres.js';
import type { Outcome } from '../runtime/outcome.js';
import { createRounds, type Rounds } from '../runtime/rounds.js';
import type { TenantDependencies } from './dependencies.js';
import { holdsNow } from './holds.js';
import { dropTenant } from './phases/database/apply.js';

/** How late an erasure may be. */
const ROUND_MS = 60_000;

/** Destroys what was deleted with `Erase` and whose grace period is over, unless a hold names it. */
export function createSweeper(deps: TenantDependencies): Rounds {
  return createRounds({
    everyMs: ROUND_MS,
    look: (signal) => sweepErasures(deps, signal),
    onTrouble: (err) => deps.log.error({ err }, 'erasures that are due were not looked for; trying again'),
  });
}

async function sweepErasures(deps: TenantDependencies, signal: AbortSignal): Promise<void> {
  for (const plane of deps.planes.list()) {
    const catalogue = await deps.stores.catalogue(plane);
    if (catalogue.kind !== 'done') continue;
    const due = await findDue(deps, plane, catalogue.facts);
    for (const record of due.filter(({ plane: name }) => name === plane.metadata.name)) {
      // One that is begun is finished; a stop waits for it.
      if (signal.aborted) return;
      await sweepOne(deps, plane, catalogue.facts, record);
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

/** One that fails keeps no other from its erasure. */
async function sweepOne(
  deps: TenantDependencies,
  plane: MemoryPlane,
  catalogue: Database,
  record: TenantRecord,
): Promise<void> {
  const about = { tenant: record.name, tenantId: record.tenantId };
  try {
    if ((await holdsNow(deps.kube, record.name)).length > 0) return;
    if (await erase(deps, plane, catalogue, record)) deps.log.info(about, 'erased after its grace period');
  } catch (err) {
    deps.log.error({ ...about, err }, 'it was not erased after its grace period; trying again');
  }
}

async function erase(
  deps: TenantDependencies,
  plane: MemoryPlane,
  catalogue: Database,
  record: TenantRecord,
): Promise<boolean> {
  const database = needed(await deps.stores.database(plane, record.database));
  const { bucket, kms } = needed(deps.stores.keys(plane));
  const { tenantId, namespace } = record;
  return eraseDue(catalogue, tenantId, deps.now(), async () => {
    await dropTenant(database, record.schema);
    await destroyKeyring(bucket, { tenantId, namespace });
    await destroyKeyring(bucket, retainedPlace(tenantId));
    if (!hidesKeys(kms)) await kms.destroyKey(tenantId);
  });
}

/** A store that is not to be had is a reason to be told, not a silence until somebody asks where the erasure is. */
function needed<T>(store: Outcome<T>): T {
  if (store.kind === 'done') return store.facts;
  throw new Error(`${store.reason}: ${store.message}`);
}
