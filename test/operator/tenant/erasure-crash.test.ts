import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { FINALIZER } from '../../../charts/manifests/names.js';
import type { MemoryTenant } from '../../../operator/api/v1alpha1/types.js';
import {
  findTenantById,
  insertTenant,
  reattachTenant,
  retireTenant,
  type TenantRecord,
} from '../../../operator/catalogue/catalogue.js';
import { FileBucket } from '../../../operator/clients/file-bucket.js';
import { birthKeyring, readKeyringHead, retainedNamespace } from '../../../operator/clients/keyring.js';
import type { TenantKms } from '../../../operator/clients/kms.js';
import type { Database } from '../../../operator/clients/postgres.js';
import { done } from '../../../operator/runtime/outcome.js';
import type { TenantDependencies } from '../../../operator/tenant/dependencies.js';
import { finalizeTenant } from '../../../operator/tenant/finalize.js';
import { createGroup, createRole, createSchema } from '../../../operator/tenant/phases/database/apply.js';
import { auditorRole, ownerRole } from '../../../operator/tenant/phases/database/observe.js';
import { createSweeper } from '../../../operator/tenant/sweeper.js';
import { KubeMemory } from '../../support/kube-memory.js';
import { Killed, type Life, lifeUntil } from '../../support/mortal.js';
import { createPlaneDatabase, type PlaneDatabase } from '../../support/plane-database.js';
import { planeOf, tenantOf } from '../../support/tenants.js';

const CLUSTER = planeOf().spec.clusterID;
const NOW = new Date('2026-01-03T00:00:00Z');
const DUE = new Date('2026-01-02T00:00:00Z');
const IMMORTAL = Number.POSITIVE_INFINITY;

let plane: PlaneDatabase;
let folder: string;
let bucket: FileBucket;
/** A cloud's key a tenant, in memory. */
const cloudKeys = new Set<string>();
const kms: TenantKms = {
  ensureKey: async (tenantId) => tenantId,
  admit: async () => undefined,
  dismiss: async () => undefined,
  destroyKey: async (tenantId) => void cloudKeys.delete(tenantId),
};

beforeAll(async () => {
  plane = await createPlaneDatabase();
  await createGroup(plane.database);
  folder = await mkdtemp(join(tmpdir(), 'memplane-erasure-'));
  bucket = new FileBucket(pathToFileURL(folder).href);
});
afterAll(async () => {
  await plane.drop();
  await rm(folder, { recursive: true, force: true });
});

/** A tenant with everything that its erasure has to take: schema, table, roles, keyring, a key of the cloud's. */
async function born(name: string, keysAt: (tenantId: string) => string): Promise<TenantRecord> {
  const tenantId = randomUUID();
  const schema = `t_${tenantId.replaceAll('-', '')}`;
  const identity = { tenantId, clusterId: CLUSTER, name, namespace: `mem-${name}` };
  const record = await insertTenant(plane.database, {
    ...{ ...identity, tier: 'Pooled', plane: 'default', database: 'pg-a', schema },
  });
  await plane.database.transaction(async (sql) => {
    for (const role of [schema, ownerRole(schema), auditorRole(schema)]) await createRole(sql, role);
    await createSchema(sql, schema);
    await sql.query(`CREATE TABLE ${schema}.memories (id int)`);
  });
  const keyring = { tenantId, namespace: keysAt(tenantId), provider: 'gcp', keyId: tenantId, now: DUE };
  await birthKeyring(bucket, kms, keyring);
  cloudKeys.add(tenantId);
  return record;
}

/** What there is of a tenant, part by part. */
async function partsOf({ tenantId, schema, namespace }: TenantRecord) {
  const named = await plane.database.query<{ name: string }>(
    `SELECT rolname AS name FROM pg_roles WHERE rolname LIKE $1 || '%'
     UNION ALL SELECT 'schema' FROM pg_namespace WHERE nspname = $1`,
    [schema],
  );
  const keyrings = [namespace, retainedNamespace(tenantId)].map((at) =>
    readKeyringHead(bucket, { tenantId, namespace: at }),
  );
  const keys = (await Promise.all(keyrings)).filter((head) => head !== undefined).length;
  return { database: named.length, keyrings: keys, cloudKeys: cloudKeys.has(tenantId) ? 1 : 0 };
}
const WHOLE = { database: 4, keyrings: 1, cloudKeys: 1 };
const NOTHING = { database: 0, keyrings: 0, cloudKeys: 0 };

const rowOf = ({ tenantId }: TenantRecord) => findTenantById(plane.database, CLUSTER, tenantId);

/** What a transaction does counts moment by moment too; one that dies inside leaves the server to roll it back. */
const mortalDatabase = (life: Life): Database =>
  life.mortal({
    ...plane.database,
    transaction: (work) => plane.database.transaction((sql) => work(life.mortal(sql))),
  });

/** One operator: what it remembers, and how long it lives. */
function operator(life: Life, kube: KubeMemory, tenants: readonly MemoryTenant[] = []) {
  const database = mortalDatabase(life);
  const errors: unknown[] = [];
  const logged = (fields: { readonly err?: unknown }) => void errors.push(fields.err);
  const deps = {
    kube: life.mortal(kube),
    tenants: { list: () => tenants },
    planes: { list: () => [planeOf()], get: () => planeOf() },
    holds: { list: () => [] },
    stores: {
      catalogue: async () => done(database),
      database: async () => done(database),
      keys: () => done({ bucket: life.mortal(bucket), kms: life.mortal(kms) }),
      roles: () => done(undefined),
      problem: (_entry: unknown, error: unknown) => {
        throw error;
      },
    },
    objects: { forget: () => undefined },
    log: { info: () => undefined, error: logged },
    now: () => NOW,
    patchStatus: async () => undefined,
  } as unknown as TenantDependencies;
  return { deps, errors };
}

/** One after another, each killed a moment later than the one before, until one is not. */
async function killedAtEach(attempt: (life: Life, moment: number) => Promise<boolean>): Promise<number> {
  for (let moment = 1; ; moment += 1) {
    if (!(await attempt(lifeUntil(moment), moment))) return moment - 1;
  }
}

describe('an operator that is killed while it erases a tenant whose grace period is over', () => {
  const due = async (name: string): Promise<TenantRecord> => {
    const record = await born(name, retainedNamespace);
    await retireTenant(plane.database, record.tenantId, 'Erasing', DUE);
    return record;
  };
  const sweep = async (life: Life) => {
    const { deps, errors } = operator(life, new KubeMemory());
    // The plane's own look may be what dies.
    await createSweeper(deps)
      .look()
      .catch((error: unknown) => void errors.push(error));
    return errors;
  };

  it('at any moment leaves the tenant whole or to nobody, and the next one finishes it', async () => {
    const kills = await killedAtEach(async (life, moment) => {
      const record = await due(`swept-${moment}`);
      const errors = await sweep(life);
      const back = await reattachTenant(plane.database, record.tenantId, record);
      if (back !== undefined) {
        expect([moment, await partsOf(record)]).toEqual([moment, WHOLE]);
        await retireTenant(plane.database, record.tenantId, 'Erasing', DUE);
      }
      expect([moment, await sweep(lifeUntil(IMMORTAL))]).toEqual([moment, []]);
      expect([moment, await partsOf(record)]).toEqual([moment, NOTHING]);
      expect(await rowOf(record)).toMatchObject({ state: 'Erased', eraseAt: undefined });
      for (const error of errors) expect(error).toBeInstanceOf(Killed);
      return errors.length > 0;
    });
    // Roles locked out, schema and roles dropped, keys deleted, the row before and after.
    expect(kills).toBeGreaterThan(20);
  });
});

describe('an operator that is killed while it erases a tenant at once', () => {
  const ERASE = { deletionPolicy: 'Erase', erasureGraceDays: 0 };
  const deleting = { deletionTimestamp: '2026-01-03T00:00:00Z', finalizers: [FINALIZER] };
  const world = async (name: string) => {
    const record = await born(name, () => `mem-${name}`);
    const kube = new KubeMemory();
    // Like the real client: what is not there is deleted already.
    const remove = kube.delete.bind(kube);
    kube.delete = (ref, preconditions) => remove(ref, preconditions).catch(ignoreMissing);
    const tenant = tenantOf(name, ERASE, deleting);
    kube.objects.set(`MemoryTenant//${name}`, tenant as never);
    const live = () => kube.objects.get(`MemoryTenant//${name}`) as unknown as MemoryTenant;
    const finalize = async (life: Life, spec = {}) => {
      const seen = { ...live(), spec: { ...live().spec, ...spec } };
      const { deps } = operator(life, kube, [seen]);
      return finalizeTenant(deps, seen, new AbortController().signal);
    };
    return { record, live, finalize };
  };
  const ignoreMissing = (error: { readonly reason?: string }): void => {
    if (error.reason !== 'NotFound') throw error;
  };
  const killed = (attempt: Promise<unknown>): Promise<boolean> =>
    attempt.then(
      () => false,
      (error: unknown) => {
        expect(error).toBeInstanceOf(Killed);
        return true;
      },
    );

  it('at any moment, the next one finishes it, also when the policy says Retain by then', async () => {
    const kills = await killedAtEach(async (life, moment) => {
      const { record, live, finalize } = await world(`at-once-${moment}`);
      const died = await killed(finalize(life));
      const left = await partsOf(record);
      await finalize(lifeUntil(IMMORTAL), { deletionPolicy: 'Retain' });
      expect([moment, live().metadata.finalizers]).toEqual([moment, []]);
      const begun = left.database < WHOLE.database || left.keyrings === 0 || left.cloudKeys === 0;
      const row = await rowOf(record);
      // Nothing had begun: it is kept as the policy says now, whole.
      if (row?.state === 'Retained') expect([moment, begun, left]).toEqual([moment, false, WHOLE]);
      else expect([moment, row?.state, await partsOf(record)]).toEqual([moment, 'Erased', NOTHING]);
      return died;
    });
    expect(kills).toBeGreaterThan(20);
  });
});
