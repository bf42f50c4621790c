import type { K8sObject } from '../../../charts/manifests/object.js';
import type { Kind } from './schema/kind.js';
import { memoryTenant } from './schema/memory-tenant.js';
import type { Node } from './schema/node.js';
import { rootNode } from './schema/root.js';
import type { MemoryTenant } from './types.js';

/** The tenant as an API server would store it. The input is not changed. */
export const withDefaults = (tenant: K8sObject): MemoryTenant =>
  // The schema that fills the defaults is the one that the type is made of.
  withKindDefaults(memoryTenant, tenant) as unknown as MemoryTenant;

export const withKindDefaults = (kind: Kind, object: K8sObject): K8sObject =>
  applyDefaults(rootNode(kind), object) as K8sObject;

/**
 * Constant defaults, wherever a value is missing, as the API server applies them: a `null` counts as missing, and a
 * default is itself filled in. What is not of the expected shape is left for validation to report.
 */
export const applyDefaults = (node: Node, value: unknown): unknown => {
  if (Array.isArray(value)) {
    const { items } = node;
    return items === undefined ? value : value.map((item: unknown) => applyDefaults(items, item));
  }
  if (typeof value !== 'object' || value === null || node.properties === undefined) return value;
  const given = Object.entries(value as Record<string, unknown>).filter(
    ([, field]) => field !== null && field !== undefined,
  );
  const filled: Record<string, unknown> = Object.fromEntries(given);
  for (const [name, child] of Object.entries(node.properties)) {
    const field = filled[name] ?? child.default;
    if (field !== undefined) filled[name] = applyDefaults(child, field);
  }
  return filled;
};
