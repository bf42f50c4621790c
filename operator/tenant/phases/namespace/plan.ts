import { TENANT_LABEL } from '../../../../charts/manifests/names.js';
import type { LiveObject } from '../../../clients/kube.js';

export type NamespacePlan =
  | { readonly kind: 'apply' }
  | { readonly kind: 'wait'; readonly reason: string; readonly message: string }
  | { readonly kind: 'refuse'; readonly reason: string; readonly message: string };

/** A namespace that is not marked as this tenant's is somebody else's, whatever its name: it is never taken over. */
export function planNamespace(tenant: string, namespace: string, live: LiveObject | undefined): NamespacePlan {
  if (live === undefined) return { kind: 'apply' };
  const owner = live.metadata.labels?.[TENANT_LABEL];
  if (owner !== tenant) {
    const whose = owner === undefined ? `it lacks the label ${TENANT_LABEL}` : `it belongs to tenant ${owner}`;
    return {
      kind: 'refuse',
      reason: 'NamespaceConflict',
      message: `Namespace ${namespace} exists and is not ours (${whose}); delete it, or give the tenant another name`,
    };
  }
  if (live.metadata.deletionTimestamp !== undefined) {
    return {
      kind: 'wait',
      reason: 'Terminating',
      message: `Namespace ${namespace} is being deleted; it is made again when it is gone`,
    };
  }
  return { kind: 'apply' };
}
