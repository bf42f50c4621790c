import type { MemoryTenant, MemoryTenantClass } from '../api/v1alpha1/types.js';

export interface Objection {
  readonly reason: string;
  readonly message: string;
}

type Check = (tenant: MemoryTenant, limits: Limits) => string | undefined;
type Limits = NonNullable<MemoryTenantClass['spec']['limits']>;

/** `*.memory.example.com` allows exactly one label before it. */
export function domainAllowed(hostname: string, allowed: readonly string[]): boolean {
  return allowed.some((pattern) =>
    pattern.startsWith('*.')
      ? hostname.endsWith(pattern.slice(1)) && !hostname.slice(0, 1 - pattern.length).includes('.')
      : hostname === pattern,
  );
}

const outside = (field: string, value: unknown, allowed: readonly unknown[]): string =>
  `${field} is ${JSON.stringify(value)}; its class allows ${allowed.join(', ')}`;

/** What a class forbids that its own schema cannot: each check names field, value and what is allowed. */
const CHECKS: readonly Check[] = [
  ({ spec }, { tiers }) => (tiers && !tiers.includes(spec.tier) ? outside('spec.tier', spec.tier, tiers) : undefined),
  ({ spec }, { maxReplicas }) => {
    const asked = spec.services.memory.scaling?.maxReplicas ?? spec.services.memory.scaling?.minReplicas;
    return maxReplicas !== undefined && asked !== undefined && asked > maxReplicas
      ? outside('spec.services.memory.scaling.maxReplicas', asked, [`at most ${maxReplicas}`])
      : undefined;
  },
  ({ spec }, { deletionPolicies }) =>
    deletionPolicies && !deletionPolicies.includes(spec.deletionPolicy)
      ? outside('spec.deletionPolicy', spec.deletionPolicy, deletionPolicies)
      : undefined,
  ({ spec }, { minAuditRetentionDays }) =>
    minAuditRetentionDays !== undefined && spec.audit.retentionDays < minAuditRetentionDays
      ? outside('spec.audit.retentionDays', spec.audit.retentionDays, [`at least ${minAuditRetentionDays}`])
      : undefined,
  ({ spec }, { allowedDomains }) => {
    const refused = allowedDomains && spec.access.hostnames?.find((host) => !domainAllowed(host, allowedDomains));
    return allowedDomains && refused ? outside('spec.access.hostnames', refused, allowedDomains) : undefined;
  },
  ({ spec }, { providers }) => {
    const { embedding, extraction, memory } = spec.providers;
    const used = [embedding.provider, extraction.provider, ...(memory.provider === 'builtin' ? [] : [memory.provider])];
    const refused = providers && used.find((provider) => !providers.some((allowed) => allowed === provider));
    return providers && refused ? outside('spec.providers', refused, providers) : undefined;
  },
];

export function checkLimits(tenant: MemoryTenant, tenantClass: MemoryTenantClass | undefined): Objection | undefined {
  const limits = tenantClass?.spec.limits;
  if (limits === undefined) return undefined;
  const message = CHECKS.map((check) => check(tenant, limits)).find((found) => found !== undefined);
  return message === undefined
    ? undefined
    : { reason: 'LimitExceeded', message: `${message}; change the field or ask for another class` };
}
