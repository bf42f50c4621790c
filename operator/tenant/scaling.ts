import type { Quantities, ServiceOptions } from '../../charts/manifests/tenant/options.js';
import type { SizePreset } from '../../charts/manifests/tenant/sizes.js';
import type { MemoryTenant } from '../api/v1alpha1/types.js';
import { parseQuantity } from '../runtime/quantity.js';

export interface ResolvedService {
  readonly options: ServiceOptions;
  /** What all pods of the tenant may take together, one more for a rolling update included. */
  readonly quotaHard: Readonly<Record<string, string>>;
}

type ServiceSpec = MemoryTenant['spec']['services']['memory'];

/** The size's preset, wherever the spec does not say otherwise. */
export function resolveService(spec: ServiceSpec, preset: SizePreset): ResolvedService {
  const { scaling = {}, resources = {} } = spec;
  const minReplicas =
    scaling.minReplicas ?? Math.min(preset.memory.minReplicas, scaling.maxReplicas ?? Number.POSITIVE_INFINITY);
  const options: ServiceOptions = {
    minReplicas,
    maxReplicas: scaling.maxReplicas ?? Math.max(preset.memory.maxReplicas, minReplicas),
    targetCPUUtilizationPercentage:
      scaling.targetCPUUtilizationPercentage ?? preset.memory.targetCPUUtilizationPercentage,
    targetMemoryUtilizationPercentage:
      scaling.targetMemoryUtilizationPercentage ?? preset.memory.targetMemoryUtilizationPercentage,
    requests: merge(preset.memory.requests, resources.requests),
    limits: merge(preset.memory.limits, resources.limits),
  };
  return { options, quotaHard: quotaFor(options) };
}

const merge = (
  preset: Quantities,
  given: { readonly cpu?: string | number | undefined; readonly memory?: string | number | undefined } = {},
): Quantities => ({ cpu: String(given.cpu ?? preset.cpu), memory: String(given.memory ?? preset.memory) });

/** While a rolling update goes on, one pod starts and one is still ending: both count. */
const SURGE = 2;

function quotaFor({ maxReplicas, requests, limits }: ServiceOptions): Readonly<Record<string, string>> {
  const pods = maxReplicas + SURGE;
  return {
    pods: String(pods),
    'requests.cpu': times(requests.cpu, pods, 'm'),
    'requests.memory': times(requests.memory, pods, 'Mi'),
    'limits.cpu': times(limits.cpu, pods, 'm'),
    'limits.memory': times(limits.memory, pods, 'Mi'),
  };
}

/** One unit in billionths, as quantities are counted. */
const UNITS = { m: 1_000_000n, Mi: 1_048_576n * 1_000_000_000n } as const;

/** Rounded up: a quota that is a hair too small would keep the last pod from starting. */
function times(quantity: string, pods: number, unit: keyof typeof UNITS): string {
  const total = (parseQuantity(quantity) ?? 0n) * BigInt(pods);
  return `${(total + UNITS[unit] - 1n) / UNITS[unit]}${unit}`;
}
