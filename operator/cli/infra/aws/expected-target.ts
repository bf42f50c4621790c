import { type GraphResource, listed, type StackGraph } from '../graph.js';
import type { Facts, Target } from '../target.js';
import { keyName } from './policy.js';

export const target = (
  graph: StackGraph,
  resource: GraphResource,
  kind: string,
  name: unknown,
  expected: Facts,
): Target => ({
  stack: graph.name,
  address: resource.address,
  kind,
  name: String(name),
  region: resource.region,
  expected,
});

/** The alias of the key that an expression refers to, with its region: what live ids are translated to as well. */
export function keyOf(graph: StackGraph, expression: unknown): string | undefined {
  const key = graph.referred(expression);
  if (key === undefined) return undefined;
  const alias = graph
    .of('aws_kms_alias')
    .find(({ attributes }) => graph.referred(attributes.target_key_id)?.address === key.address);
  return keyName(String(alias?.attributes.name ?? key.address), key.region);
}

/** Names of the security groups that something wears. */
export const groupsOf = (graph: StackGraph, ids: unknown): string | undefined =>
  listed(((ids ?? []) as readonly unknown[]).map((id) => graph.referred(id)?.attributes.name as string | undefined));
