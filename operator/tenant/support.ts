import type { MemoryTenant } from '../api/v1alpha1/types.js';
import type { Objection } from './limits.js';

/** What the schema has and this version does not do yet: said at once, never half done. */
export function checkSupported({ spec }: MemoryTenant): Objection | undefined {
  if (spec.tier !== 'Pooled') {
    return {
      reason: 'TierNotSupported',
      message: `spec.tier is ${spec.tier} and this version places Pooled tenants only; set Pooled (a tier can be raised later)`,
    };
  }
  const { embedding, vectors, memory } = spec.providers;
  if (embedding.provider !== 'local')
    return notSupported('spec.providers.embedding.provider', embedding.provider, 'local');
  if (vectors.provider !== 'plane' && vectors.provider !== 'embedded') {
    return notSupported('spec.providers.vectors.provider', vectors.provider, 'plane or embedded');
  }
  if (memory.provider !== 'builtin') return notSupported('spec.providers.memory.provider', memory.provider, 'builtin');
  if (spec.bootstrap?.restore !== undefined) return notSupported('spec.bootstrap', 'restore', 'retained');
  if (spec.bootstrap?.import !== undefined) return notSupported('spec.bootstrap', 'import', 'retained');
  return undefined;
}

const notSupported = (field: string, value: string, allowed: string): Objection => ({
  reason: 'ProviderNotSupported',
  message: `${field} is ${value}, which this version does not do yet; use ${allowed}`,
});
