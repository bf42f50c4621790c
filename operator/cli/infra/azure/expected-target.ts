import { block, type GraphResource, type StackGraph } from '../graph.js';

export function idOf(graph: StackGraph, { attributes }: GraphResource, type: string): string {
  const { subscription_id: subscription } = graph.provider;
  const group = graph.settled(attributes.resource_group_name);
  return `/subscriptions/${subscription}/resourceGroups/${group}/providers/${type}/${attributes.name}`;
}

/** `<vault>/<key>`: the part of a key's URL that stays when it is rotated. */
export function keyOf(graph: StackGraph, expression: unknown): string | undefined {
  const key = graph.referred(expression);
  if (key === undefined) return undefined;
  return `${graph.referred(key.attributes.key_vault_id)?.attributes.name}/${key.attributes.name}`;
}

export const customerKey = (graph: StackGraph, { attributes }: GraphResource, field = 'key_vault_key_id') =>
  keyOf(graph, block(attributes.customer_managed_key)?.[field]);
