import { TENANT_LABEL } from '../../charts/manifests/names.js';
import type { MemoryHold, MemoryTenant } from '../api/v1alpha1/types.js';
import type { LiveObject } from '../clients/kube.js';
import type { Change } from '../runtime/watch-cache.js';

const names = (tenants: readonly MemoryTenant[]): readonly string[] => tenants.map(({ metadata }) => metadata.name);

export const tenantsOfPlane = (tenants: readonly MemoryTenant[], plane: string): readonly string[] =>
  names(tenants.filter(({ spec }) => spec.planeRef.name === plane));

/** Whoever names no class may be moved by any: which one is the default may just have changed. */
export const tenantsOfClass = (tenants: readonly MemoryTenant[], tenantClass: string): readonly string[] =>
  names(tenants.filter(({ spec }) => spec.className === undefined || spec.className === tenantClass));

export const tenantsOfHold = (change: Change<MemoryHold>): readonly string[] => change.object.spec.tenantNames;

/** Somebody touched what a tenant is made of, and it was not ourselves a moment ago. */
export function tenantsOfChild(change: Change<LiveObject>, isEcho: (object: LiveObject) => boolean): readonly string[] {
  const tenant = change.object.metadata.labels?.[TENANT_LABEL];
  return tenant === undefined || (change.type === 'upsert' && isEcho(change.object)) ? [] : [tenant];
}
