import { randomUUID } from 'node:crypto';
import { tenantNamespace } from '../../charts/manifests/names.js';
import type { Tier } from '../../charts/manifests/tenant/options.js';
import {
  countTenants,
  findTenantById,
  findTenants,
  insertTenant,
  reattachTenant,
  type TenantRecord,
} from '../catalogue/catalogue.js';
import type { Database } from '../clients/postgres.js';
import { done, type Outcome, stalled } from '../runtime/outcome.js';
import { choosePlacement, type PlaceableDatabase } from './placement.js';

export interface IdentityRequest {
  readonly name: string;
  readonly clusterId: string;
  readonly plane: string;
  readonly tier: Tier;
  readonly databases: readonly PlaceableDatabase[];
  /** `spec.bootstrap.retained.tenantID`. */
  readonly retainedId: string | undefined;
  /** The class's word on data that was kept under this very name. */
  readonly reattach: 'Explicit' | 'SameName';
}

export type IdentityPlan =
  | { readonly kind: 'use'; readonly record: TenantRecord }
  | { readonly kind: 'reattach'; readonly record: TenantRecord }
  | { readonly kind: 'create' }
  | { readonly kind: 'refuse'; readonly reason: string; readonly message: string };

/** Who this tenant is: the same one as before, one that comes back, or a new one. Never decided by name alone. */
export function planIdentity(
  request: Pick<IdentityRequest, 'name' | 'retainedId' | 'reattach'>,
  sameName: readonly TenantRecord[],
  byId: TenantRecord | undefined,
): IdentityPlan {
  const active = sameName.find((record) => record.state === 'Active');
  if (request.retainedId !== undefined) return planNamed(request, request.retainedId, active, byId);
  if (active !== undefined) return { kind: 'use', record: active };
  // What is being destroyed is nobody's any more: its id is never used again, its name may be.
  const whole = sameName.filter((record) => record.destroyingSince === undefined);
  const [kept, ...others] = whole;
  if (kept === undefined) return { kind: 'create' };
  if (request.reattach === 'SameName' && others.length === 0) return { kind: 'reattach', record: kept };
  const ids = whole.map((record) => record.tenantId).join(', ');
  return {
    kind: 'refuse',
    reason: 'RetainedDataFound',
    message:
      `data of an earlier tenant ${request.name} is kept (${ids}); to take it back set ` +
      'spec.bootstrap.retained.tenantID to that id, or choose another name to start empty',
  };
}

function planNamed(
  request: Pick<IdentityRequest, 'name'>,
  retainedId: string,
  active: TenantRecord | undefined,
  byId: TenantRecord | undefined,
): IdentityPlan {
  if (active?.tenantId === retainedId) return { kind: 'use', record: active };
  const refuse = (reason: string, message: string): IdentityPlan => ({ kind: 'refuse', reason, message });
  if (active !== undefined) {
    return refuse(
      'BootstrapConflict',
      `tenant ${request.name} is already ${active.tenantId}; spec.bootstrap.retained.tenantID names ${retainedId}: remove it`,
    );
  }
  if (byId === undefined || byId.state === 'Erased') {
    return refuse(
      'RetainedDataNotFound',
      `spec.bootstrap.retained.tenantID names ${retainedId}, of which nothing is kept; correct the id or remove the field`,
    );
  }
  if (byId.state === 'Active') {
    return refuse(
      'RetainedDataInUse',
      `spec.bootstrap.retained.tenantID names ${retainedId}, which is MemoryTenant ${byId.name} now; delete that one first`,
    );
  }
  if (byId.destroyingSince !== undefined) {
    return refuse(
      'RetainedDataNotFound',
      `spec.bootstrap.retained.tenantID names ${retainedId}, which is being erased; remove the field to start empty`,
    );
  }
  return { kind: 'reattach', record: byId };
}

export async function resolveIdentity(catalogue: Database, request: IdentityRequest): Promise<Outcome<TenantRecord>> {
  const sameName = await findTenants(catalogue, request.clusterId, request.name);
  const byId =
    request.retainedId === undefined
      ? undefined
      : await findTenantById(catalogue, request.clusterId, request.retainedId);
  const plan = planIdentity(request, sameName, byId);
  switch (plan.kind) {
    case 'refuse':
      return stalled(plan.reason, plan.message);
    case 'use':
      return done(plan.record);
    case 'reattach':
      return reattach(catalogue, request, plan.record);
    case 'create':
      return create(catalogue, request);
  }
}

async function reattach(
  catalogue: Database,
  request: IdentityRequest,
  kept: TenantRecord,
): Promise<Outcome<TenantRecord>> {
  const record = await reattachTenant(catalogue, kept.tenantId, {
    name: request.name,
    namespace: tenantNamespace(request.name),
  });
  if (record !== undefined) return done(record);
  return stalled(
    'RetainedDataNotFound',
    `what was kept of ${kept.tenantId} has just been erased; start under another name`,
  );
}

async function create(catalogue: Database, request: IdentityRequest): Promise<Outcome<TenantRecord>> {
  const counts = await countTenants(catalogue, request.clusterId, request.plane);
  const database = choosePlacement(request.databases, counts);
  if (database === undefined) {
    return stalled(
      'CapacityExhausted',
      `no database of MemoryPlane ${request.plane} takes another tenant; add one to spec.postgres, raise a capacity or open one that drains`,
    );
  }
  const tenantId = randomUUID();
  return done(
    await insertTenant(catalogue, {
      tenantId,
      clusterId: request.clusterId,
      name: request.name,
      namespace: tenantNamespace(request.name),
      tier: request.tier,
      plane: request.plane,
      database,
      schema: `t_${tenantId.replaceAll('-', '')}`,
    }),
  );
}
