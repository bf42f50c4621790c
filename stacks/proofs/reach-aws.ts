import { isOutside } from './reach-ranges.js';
import { type Evidence, evidence, type ProvenStack, type World } from './rule.js';
import {
  at,
  type Json,
  listOf,
  plainId,
  type Resource,
  referred,
  resourcesOf,
  type StackJson,
  shown,
} from './terraform-json.js';

/** What answers calls in the network, and where it says which groups guard it. */
const LISTENERS: Readonly<Record<string, readonly string[]>> = {
  aws_db_instance: ['vpc_security_group_ids'],
  aws_elasticache_replication_group: ['security_group_ids'],
  aws_vpc_endpoint: ['security_group_ids'],
  aws_eks_cluster: ['vpc_config', 'security_group_ids'],
  aws_launch_template: ['vpc_security_group_ids'],
};

/**
 * Walks from every address of the internet along the rules of security groups. Whatever a walk reaches could be
 * called from outside, through however many machines of ours.
 */
export function awsReach(world: World): readonly Evidence[] {
  return world.stacks.flatMap((stack) => {
    const reached = reachedGroups(stack.json, world);
    return Object.entries(LISTENERS).flatMap(([type, path]) =>
      resourcesOf(stack.json, type).flatMap((one) => listener(stack, one, path, reached)),
    );
  });
}

function listener(
  stack: ProvenStack,
  one: Resource,
  path: readonly string[],
  reached: ReadonlyMap<string, string>,
): readonly Evidence[] {
  const groups = listOf(at(one.attributes, ...path));
  // A replica across regions and a gateway endpoint have none; a database without one would get the default.
  if (groups.length === 0) return [];
  return groups.map((reference) => {
    const group = referred(stack.json, reference);
    // Groups that the cloud makes itself let in what they hold themselves, and nothing else.
    const way = group === undefined ? undefined : reached.get(group.id);
    const told = {
      attribute: path.join('.'),
      value: way ?? `${shown(reference)}: no way in`,
      wanted: 'no way in from the internet',
    };
    return evidence(stack, one, way === undefined, told);
  });
}

/** Group → how one gets there. */
function reachedGroups(stack: StackJson, world: World): ReadonlyMap<string, string> {
  const rules = resourcesOf(stack, 'aws_vpc_security_group_ingress_rule');
  const front = loadBalancers(stack);
  const reached = new Map<string, string>();
  for (const { attributes } of rules) {
    const source = at(attributes, 'cidr_ipv4') ?? at(attributes, 'cidr_ipv6');
    const group = referred(stack, at(attributes, 'security_group_id'));
    if (group !== undefined && source !== undefined && isOutside(source, world)) {
      reached.set(group.id, `${String(source)} → ${plainId(group.id)}`);
    }
  }
  let size: number;
  do {
    size = reached.size;
    for (const { attributes } of rules) follow(stack, attributes, reached, front);
  } while (reached.size > size);
  return reached;
}

/** A load balancer ends the connection and begins another: what it lets in is a request, not a caller. */
function follow(
  stack: StackJson,
  attributes: Resource['attributes'],
  reached: Map<string, string>,
  front: ReadonlySet<string>,
): void {
  const from = referred(stack, at(attributes, 'referenced_security_group_id'));
  const to = referred(stack, at(attributes, 'security_group_id'));
  if (from === undefined || to === undefined || front.has(from.id) || reached.has(to.id)) return;
  const way = reached.get(from.id);
  if (way !== undefined) reached.set(to.id, `${way} → ${plainId(to.id)}`);
}

function loadBalancers(stack: StackJson): ReadonlySet<string> {
  const groups = resourcesOf(stack, 'aws_lb').flatMap(({ attributes }) => listOf(at(attributes, 'security_groups')));
  return new Set(groups.flatMap((one) => referred(stack, one)?.id ?? []));
}

/** Where data stands there is no way to the internet, so there is none back. */
export function awsRoutes(world: World): readonly Evidence[] {
  return world.stacks.flatMap((stack) => dataSubnets(stack.json).map((subnet) => offline(stack, subnet)));
}

function dataSubnets(stack: StackJson): readonly Resource[] {
  const groups = ['aws_db_subnet_group', 'aws_elasticache_subnet_group'].flatMap((type) => resourcesOf(stack, type));
  const references = groups.flatMap(({ attributes }) => listOf(at(attributes, 'subnet_ids')));
  const found = references.flatMap((one) => referred(stack, one) ?? []);
  return [...new Map(found.map((one) => [one.id, one])).values()];
}

function offline(stack: ProvenStack, subnet: Resource): Evidence {
  const table = resourcesOf(stack.json, 'aws_route_table_association').find(
    ({ attributes }) => referred(stack.json, at(attributes, 'subnet_id'))?.id === subnet.id,
  );
  const tableId = referred(stack.json, at(table?.attributes, 'route_table_id'))?.id;
  const out = resourcesOf(stack.json, 'aws_route').find(
    ({ attributes }) =>
      referred(stack.json, at(attributes, 'route_table_id'))?.id === tableId && leavesNetwork(attributes),
  );
  const value = tableId === undefined ? 'the main table' : (out?.address ?? plainId(tableId));
  const told = { attribute: 'route_table', value, wanted: 'a table without a way to the internet' };
  return evidence(stack, subnet, tableId !== undefined && out === undefined, told);
}

const WAYS_OUT = ['gateway_id', 'nat_gateway_id', 'egress_only_gateway_id', 'network_interface_id'];
const leavesNetwork = (route: Record<string, Json>): boolean => WAYS_OUT.some((way) => route[way] !== undefined);

/** Whoever writes a rule to everywhere on every port has written none. */
export function awsEgress(world: World): readonly Evidence[] {
  return world.stacks.flatMap((stack) =>
    resourcesOf(stack.json, 'aws_vpc_security_group_egress_rule').map((one) => {
      const to = at(one.attributes, 'cidr_ipv4') ?? at(one.attributes, 'cidr_ipv6');
      const told = { attribute: 'cidr_ipv4', value: shown(to), wanted: 'a destination with a name' };
      return evidence(stack, one, to !== '0.0.0.0/0' && to !== '::/0', told);
    }),
  );
}
