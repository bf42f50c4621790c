import type { MemoryTenant } from '../api/v1alpha1/types.js';

/** What is remembered of tenants, by uid, without those that are no more. */
export function forgetGone(remembered: Map<string, unknown>, tenants: readonly MemoryTenant[]): void {
  const known = new Set(tenants.map(({ metadata }) => metadata.uid));
  for (const uid of remembered.keys()) if (!known.has(uid)) remembered.delete(uid);
}
