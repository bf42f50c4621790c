import type { NetworkPolicy, NetworkPolicySpec } from 'kubernetes-types/networking/v1.js';
import { DEFAULT_DENY } from '../names.js';
import type { K8sObject, Wire } from '../object.js';
import { buildEdges, type Edge } from './edges.js';
import { buildSelectorLabels, buildTenantMeta, COMPONENTS } from './labels.js';
import type { TenantOptions } from './options.js';

/** Nothing is allowed but the arrows of the dependency graph, each in a policy that carries its name. */
export const buildNetworkPolicies = (o: TenantOptions): readonly K8sObject[] => [
  // Empty lists, not none: what is owned and empty is put right when somebody adds a rule.
  buildPolicy(o, DEFAULT_DENY, { podSelector: {}, policyTypes: ['Ingress', 'Egress'], ingress: [], egress: [] }),
  ...buildEdges(o).map((edge) => buildPolicy(o, edge.name, buildSpec(o, edge))),
];

const buildPolicy = (o: TenantOptions, name: string, spec: NetworkPolicySpec): K8sObject =>
  ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: buildTenantMeta(o, name, COMPONENTS.network),
    spec,
  }) satisfies Wire<NetworkPolicy>;

function buildSpec(o: TenantOptions, { direction, component, peers, ports }: Edge): NetworkPolicySpec {
  const podSelector = component === undefined ? {} : { matchLabels: buildSelectorLabels(o, component) };
  const rule = { ports: [...ports] };
  return direction === 'Ingress'
    ? { podSelector, policyTypes: ['Ingress'], ingress: [{ from: [...peers], ...rule }] }
    : { podSelector, policyTypes: ['Egress'], egress: [{ to: [...peers], ...rule }] };
}
