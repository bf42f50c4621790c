import { DEFAULT_CLASS_ANNOTATION } from '../../charts/manifests/names.js';
import type { MemoryPlane, MemoryTenant, MemoryTenantClass } from '../api/v1alpha1/types.js';
import { findTenants, type TenantRecord } from '../catalogue/catalogue.js';
import type { Database } from '../clients/postgres.js';
import { bucketUrl } from '../plane/bucket-url.js';
import { done, type Outcome, stalled } from '../runtime/outcome.js';
import type { TenantDependencies } from './dependencies.js';
import type { Facts } from './facts.js';
import { resolveIdentity } from './identity.js';
import type { PhaseContext, TeardownContext, TenantStores } from './phases/phase.js';
import { resolveTenant } from './resolve.js';

export interface Gathered {
  readonly context: PhaseContext;
  readonly facts: Facts;
}

/** All reading of one reconcile: plane, class, identity, stores, and the options that everything is built from. */
export async function gatherTenant(
  deps: TenantDependencies,
  tenant: MemoryTenant,
  signal: AbortSignal,
): Promise<Outcome<Gathered>> {
  const plane = findPlane(deps, tenant);
  if (plane.kind !== 'done') return plane;
  const tenantClass = findClass(deps, tenant);
  if (tenantClass.kind !== 'done') return tenantClass;
  const resolved = resolveTenant({
    tenant,
    plane: plane.facts,
    tenantClass: tenantClass.facts,
    others: deps.tenants.list(),
  });
  if (resolved.kind !== 'done') return resolved;
  const catalogue = await deps.stores.catalogue(plane.facts);
  if (catalogue.kind !== 'done') return catalogue;
  const identity = await identify(deps, catalogue.facts, tenant, plane.facts, tenantClass.facts);
  if (identity.kind !== 'done') return identity;
  const record = identity.facts;
  const stores = await openStores(deps, plane.facts, catalogue.facts, record);
  if (stores.kind !== 'done') return stores;
  const { options, facts } = resolved.facts(record);
  const context = { options, record, stores: stores.facts, kube: deps.kube, objects: deps.objects, signal };
  return done({ context, facts: { ...facts, tenantID: record.tenantId } });
}

/** The same for a tenant that goes; `undefined` when nothing was ever made for it. */
export async function gatherTeardown(
  deps: TenantDependencies,
  tenant: MemoryTenant,
  signal: AbortSignal,
): Promise<Outcome<Omit<TeardownContext, 'fate'> | undefined>> {
  const plane = findPlane(deps, tenant);
  // Without its plane nothing was placed: a plane in use cannot be deleted.
  if (plane.kind !== 'done') return tenant.status?.tenantID === undefined ? done(undefined) : plane;
  const catalogue = await deps.stores.catalogue(plane.facts);
  if (catalogue.kind !== 'done') return catalogue;
  const record = await guarded(deps, plane.facts, () => findRecord(catalogue.facts, plane.facts, tenant));
  if (record.kind !== 'done') return record;
  if (record.facts === undefined) return done(undefined);
  const stores = await openStores(deps, plane.facts, catalogue.facts, record.facts);
  if (stores.kind !== 'done') return stores;
  return done({ record: record.facts, stores: stores.facts, kube: deps.kube, signal });
}

function findPlane(deps: TenantDependencies, { spec }: MemoryTenant): Outcome<MemoryPlane> {
  const { name } = spec.planeRef;
  const plane = deps.planes.get(name);
  if (plane !== undefined) return done(plane);
  return stalled(
    'PlaneNotFound',
    `spec.planeRef names MemoryPlane ${name}, which does not exist; create it or correct the name`,
  );
}

/** The class that is named, else the one marked default, else none: no defaults and no limits. */
function findClass(deps: TenantDependencies, { spec }: MemoryTenant): Outcome<MemoryTenantClass | undefined> {
  if (spec.className !== undefined) {
    const named = deps.classes.get(spec.className);
    if (named !== undefined) return done(named);
    return stalled(
      'ClassNotFound',
      `spec.className names MemoryTenantClass ${spec.className}, which does not exist; create it or correct the name`,
    );
  }
  const marked = deps.classes
    .list()
    .filter(({ metadata }) => metadata.annotations?.[DEFAULT_CLASS_ANNOTATION] === 'true');
  if (marked.length <= 1) return done(marked[0]);
  const names = marked.map(({ metadata }) => metadata.name).sort();
  return stalled(
    'ClassAmbiguous',
    `MemoryTenantClasses ${names.join(', ')} are all marked default; leave one, or set spec.className`,
  );
}

async function identify(
  deps: TenantDependencies,
  catalogue: Database,
  tenant: MemoryTenant,
  plane: MemoryPlane,
  tenantClass: MemoryTenantClass | undefined,
): Promise<Outcome<TenantRecord>> {
  const { spec, metadata } = tenant;
  const identity = await guarded(deps, plane, () =>
    resolveIdentity(catalogue, {
      name: metadata.name,
      clusterId: plane.spec.clusterID,
      plane: plane.metadata.name,
      tier: spec.tier,
      databases: plane.spec.postgres,
      retainedId: spec.bootstrap?.retained?.tenantID,
      reattach: tenantClass?.spec.retainedReattach ?? 'Explicit',
    }),
  );
  return identity.kind === 'done' ? identity.facts : identity;
}

async function findRecord(
  catalogue: Database,
  plane: MemoryPlane,
  tenant: MemoryTenant,
): Promise<TenantRecord | undefined> {
  const records = await findTenants(catalogue, plane.spec.clusterID, tenant.metadata.name);
  return records.find(({ state }) => state === 'Active');
}

async function openStores(
  deps: TenantDependencies,
  plane: MemoryPlane,
  catalogue: Database,
  record: TenantRecord,
): Promise<Outcome<TenantStores>> {
  const database = await deps.stores.database(plane, record.database);
  if (database.kind !== 'done') return database;
  const keys = deps.stores.keys(plane);
  if (keys.kind !== 'done') return keys;
  const roles = deps.stores.roles(plane);
  if (roles.kind !== 'done') return roles;
  return done({
    catalogue,
    roles: roles.facts,
    database: database.facts,
    keys: keys.facts.bucket,
    kms: keys.facts.kms,
    kmsProvider: plane.spec.kms.provider,
    kmsKeyId: plane.spec.kms.keyID,
    buckets: otherBuckets(deps, plane),
  });
}

function otherBuckets(deps: TenantDependencies, plane: MemoryPlane): TenantStores['buckets'] {
  const { artifacts, backups, audit } = plane.spec.buckets;
  return Object.entries({ artifacts, backups, audit }).flatMap(([purpose, bucket]) =>
    bucket === undefined ? [] : [{ purpose, problem: () => deps.stores.bucketProblem(bucketUrl(bucket), purpose) }],
  );
}

/** A query of the catalogue, with "the database is away" as an answer and not as a failure. */
async function guarded<T>(deps: TenantDependencies, plane: MemoryPlane, query: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return done(await query());
  } catch (error) {
    const [entry] = plane.spec.postgres;
    if (entry === undefined) throw error;
    return deps.stores.problem(entry, error);
  }
}
