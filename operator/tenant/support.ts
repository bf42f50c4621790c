import type { MemoryTenant } from '../api/v1alpha1/types.js';
import type { Objection } from './limits.js';

/** What the memory service can be told to turn off, see app/features.ts. */
export const FEATURES = ['artifacts', 'events', 'ingest', 'langgraph', 'mcp', 'mem0', 'transfer', 'webhooks'] as const;
/** Known by name and not there yet: off is what they are. */
const PLANNED_FEATURES = ['graph'] as const;

/** What the schema has and this version does not do yet: said at once, never half done. */
export function checkSupported({ spec }: MemoryTenant): Objection | undefined {
  if (spec.tier !== 'Pooled') {
    return {
      reason: 'TierNotSupported',
      message: `spec.tier is ${spec.tier} and this version places Pooled tenants only; set Pooled (a tier can be raised later)`,
    };
  }
  const { embedding, extraction, vectors, memory } = spec.providers;
  const keyless = checkKey('embedding', embedding) ?? checkKey('extraction', extraction);
  if (keyless !== undefined) return keyless;
  if (vectors.provider !== 'plane' && vectors.provider !== 'embedded') {
    return notSupported('spec.providers.vectors.provider', vectors.provider, 'plane or embedded');
  }
  const keeper = checkKeeper(memory);
  if (keeper !== undefined) return keeper;
  if (spec.bootstrap?.restore !== undefined) return notSupported('spec.bootstrap', 'restore', 'retained');
  if (spec.bootstrap?.import !== undefined) return notSupported('spec.bootstrap', 'import', 'retained');
  return checkFeatures(spec.features ?? []);
}

/** A switch that nothing listens to would leave on what somebody meant to be off. */
function checkFeatures(features: NonNullable<MemoryTenant['spec']['features']>): Objection | undefined {
  for (const [index, { name, enabled }] of features.entries()) {
    if (isOneOf(FEATURES, name) || (isOneOf(PLANNED_FEATURES, name) && !enabled)) continue;
    const field = `spec.features[${index}].name`;
    if (isOneOf(PLANNED_FEATURES, name)) return notSupported(field, name, FEATURES.join(', '), 'FeatureNotSupported');
    const there = FEATURES.join(', ');
    return { reason: 'FeatureNotSupported', message: `${field} is ${name}, which is no feature; there are ${there}` };
  }
  return undefined;
}

const isOneOf = (names: readonly string[], name: string): boolean => names.includes(name);

type Keyed = Pick<MemoryTenant['spec']['providers']['extraction'], 'provider' | 'secretRef'>;

/** Without its key the pods would not start; the credentials of a class do not act yet. */
const checkKey = (task: string, { provider, secretRef }: Keyed): Objection | undefined =>
  provider === 'local' || provider === 'ollama' || secretRef !== undefined
    ? undefined
    : {
        reason: 'ProviderNotSupported',
        message: `spec.providers.${task}.provider is ${provider} and spec.providers.${task}.secretRef is unset; put its key into a Secret of the tenant's namespace and name it there`,
      };

/** What the service would refuse at its start, said where it is written. */
const checkKeeper = (memory: MemoryTenant['spec']['providers']['memory']): Objection | undefined => {
  const { provider, endpoint, secretRef, organization, project } = memory;
  const field = 'spec.providers.memory';
  if (provider === 'builtin') {
    const named = Object.entries({ endpoint, secretRef, organization, project }).find(
      ([, value]) => value !== undefined,
    );
    return (
      named &&
      objection(
        `${field}.${named[0]} belongs to a provider that keeps memories elsewhere; remove it, or take mem0 or letta`,
      )
    );
  }
  if (provider === 'letta' && (organization ?? project) !== undefined)
    return objection(
      `${field}.${organization === undefined ? 'project' : 'organization'} is known to mem0 only; remove it`,
    );
  if (secretRef !== undefined || (provider === 'letta' && endpoint !== undefined)) return undefined;
  return objection(
    `${field}.provider is ${provider} and ${field}.secretRef is unset; put its key into a Secret of the tenant's namespace and name it there`,
  );
};

const objection = (message: string): Objection => ({ reason: 'ProviderNotSupported', message });

const notSupported = (field: string, value: string, allowed: string, reason = 'ProviderNotSupported'): Objection => ({
  reason,
  message: `${field} is ${value}, which this version does not do yet; use ${allowed}`,
});
