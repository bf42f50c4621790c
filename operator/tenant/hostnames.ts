import type { MemoryTenant } from '../api/v1alpha1/types.js';
import type { Objection } from './limits.js';

export const hostnamesOf = ({ spec, metadata }: MemoryTenant, baseDomain: string): readonly string[] =>
  spec.access.hostnames?.length ? spec.access.hostnames : [`${metadata.name}.${baseDomain}`];

/** Whoever asked first keeps a name: by creation, then by name, so that every operator decides alike. */
const older = (a: MemoryTenant, b: MemoryTenant): boolean => {
  const rank = ({ metadata }: MemoryTenant): string => `${metadata.creationTimestamp ?? ''}/${metadata.name}`;
  return rank(a) < rank(b);
};

export function checkHostnames(
  tenant: MemoryTenant,
  baseDomain: string,
  others: readonly MemoryTenant[],
): Objection | undefined {
  const mine = new Set(hostnamesOf(tenant, baseDomain));
  for (const other of others) {
    if (other.metadata.name === tenant.metadata.name) continue;
    // Rarely anything is shared: who is older is asked only then.
    const taken = hostnamesOf(other, baseDomain).find((hostname) => mine.has(hostname));
    if (taken === undefined || !older(other, tenant)) continue;
    return {
      reason: 'HostnameTaken',
      message: `spec.access.hostnames: ${taken} belongs to MemoryTenant ${other.metadata.name}; choose another`,
    };
  }
  return undefined;
}
