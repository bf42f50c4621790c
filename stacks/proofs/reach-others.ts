import { isOutside } from './reach-ranges.js';
import { type Evidence, evidence, type ProvenStack, type World } from './rule.js';
import { at, listOf, plainId, type Resource, referred, resourcesOf, shown } from './terraform-json.js';

/** Google Cloud: one firewall for the network, so a rule that lets outsiders in lets them reach every machine. */
export function gcpReach(world: World): readonly Evidence[] {
  return world.stacks.flatMap((stack) =>
    resourcesOf(stack.json, 'google_compute_firewall')
      .filter(({ attributes }) => at(attributes, 'direction') === 'INGRESS' && at(attributes, 'allow') !== undefined)
      .map((one) => {
        const sources = listOf(at(one.attributes, 'source_ranges'));
        // Without ranges and tags a rule is about everybody.
        const tagged = at(one.attributes, 'source_tags') ?? at(one.attributes, 'source_service_accounts');
        const open = sources.length === 0 ? tagged === undefined : sources.some((range) => isOutside(range, world));
        const told = { attribute: 'source_ranges', value: shown(sources), wanted: 'ranges of ours' };
        return evidence(stack, one, !open, told);
      }),
  );
}

/** Whatever no rule names is refused, in both directions. */
export function gcpLastRule(world: World): readonly Evidence[] {
  const SIDES = [
    ['INGRESS', 'source_ranges'],
    ['EGRESS', 'destination_ranges'],
  ] as const;
  return world.stacks.flatMap((stack) =>
    resourcesOf(stack.json, 'google_compute_network').flatMap((network) =>
      SIDES.map(([direction, side]) => {
        const last = resourcesOf(stack.json, 'google_compute_firewall').find(
          ({ attributes }) =>
            at(attributes, 'direction') === direction &&
            at(attributes, 'deny', 0, 'protocol') === 'all' &&
            at(attributes, side, 0) === '0.0.0.0/0',
        );
        const told = {
          attribute: `last ${direction} rule`,
          value: last?.address ?? 'none',
          wanted: 'a rule that refuses the rest',
        };
        return evidence(stack, network, last !== undefined, told);
      }),
    ),
  );
}

/** Members that stand for everybody with or without an account. */
const PUBLIC = /^(allUsers|allAuthenticatedUsers)$/;

export function gcpMembers(world: World): readonly Evidence[] {
  return world.stacks.flatMap((stack) =>
    Object.keys(stack.json.resource)
      .filter((type) => /_iam_(member|binding)$/.test(type))
      .flatMap((type) => resourcesOf(stack.json, type))
      .map((one) => {
        const members = [...listOf(at(one.attributes, 'member')), ...listOf(at(one.attributes, 'members'))].map(String);
        const told = { attribute: 'member', value: members.join(', '), wanted: 'an account, a group or a pod' };
        return evidence(stack, one, members.length > 0 && !members.some((member) => PUBLIC.test(member)), told);
      }),
  );
}

/** Azure: each subnet has a group, and each group a last word in both directions. */
export function azureReach(world: World): readonly Evidence[] {
  return world.stacks.flatMap((stack) => [
    ...resourcesOf(stack.json, 'azurerm_network_security_rule')
      .filter(({ attributes }) => at(attributes, 'direction') === 'Inbound' && at(attributes, 'access') === 'Allow')
      .map((one) => azureRule(stack, one, world)),
    ...resourcesOf(stack.json, 'azurerm_subnet').map((one) => azureSubnet(stack, one)),
    ...resourcesOf(stack.json, 'azurerm_network_security_group').flatMap((one) => azureLastRules(stack, one)),
  ]);
}

function azureRule(stack: ProvenStack, one: Resource, world: World): Evidence {
  const sources = [
    ...listOf(at(one.attributes, 'source_address_prefix')),
    ...listOf(at(one.attributes, 'source_address_prefixes')),
  ];
  const open = sources.length === 0 || sources.some((range) => isOutside(range, world));
  const told = { attribute: 'source_address_prefixes', value: shown(sources), wanted: 'ranges of ours' };
  return evidence(stack, one, !open, told);
}

function azureSubnet(stack: ProvenStack, one: Resource): Evidence {
  const group = resourcesOf(stack.json, 'azurerm_subnet_network_security_group_association').find(
    ({ attributes }) => referred(stack.json, at(attributes, 'subnet_id'))?.id === one.id,
  );
  const told = { attribute: 'network_security_group', value: group?.address ?? 'none', wanted: 'a group of its own' };
  return evidence(stack, one, group !== undefined, told);
}

function azureLastRules(stack: ProvenStack, group: Resource): readonly Evidence[] {
  return ['Inbound', 'Outbound'].map((direction) => {
    const last = resourcesOf(stack.json, 'azurerm_network_security_rule').find(
      ({ attributes }) =>
        referred(stack.json, at(attributes, 'network_security_group_name'))?.id === group.id &&
        at(attributes, 'direction') === direction &&
        at(attributes, 'access') === 'Deny' &&
        Number(at(attributes, 'priority')) >= 4000,
    );
    const value = last === undefined ? 'none' : plainId(last.id);
    const told = { attribute: `last ${direction} rule`, value, wanted: 'a rule that refuses the rest' };
    return evidence(stack, group, last !== undefined, told);
  });
}

/** A public address belongs to a gateway through which one only leaves. */
export function azureAddresses(world: World): readonly Evidence[] {
  return world.stacks.flatMap((stack) => {
    const used = resourcesOf(stack.json, 'azurerm_nat_gateway_public_ip_association');
    return resourcesOf(stack.json, 'azurerm_public_ip').map((one) => {
      const nat = used.find(
        ({ attributes }) => referred(stack.json, at(attributes, 'public_ip_address_id'))?.id === one.id,
      );
      const told = { attribute: 'used by', value: nat?.address ?? 'nobody knows', wanted: 'a NAT gateway' };
      return evidence(stack, one, nat !== undefined, told);
    });
  });
}

/** Google Cloud, Azure: the range, port and name of what may be reached outside. */
export function otherEgress(world: World): readonly Evidence[] {
  return world.stacks.flatMap((stack) => [
    ...resourcesOf(stack.json, 'google_compute_firewall')
      .filter(({ attributes }) => at(attributes, 'direction') === 'EGRESS' && at(attributes, 'allow') !== undefined)
      .map((one) => egress(stack, one, 'destination_ranges')),
    ...resourcesOf(stack.json, 'azurerm_network_security_rule')
      .filter(({ attributes }) => at(attributes, 'direction') === 'Outbound' && at(attributes, 'access') === 'Allow')
      .map((one) => egress(stack, one, 'destination_address_prefix')),
  ]);
}

function egress(stack: ProvenStack, one: Resource, attribute: string): Evidence {
  const to = [...listOf(at(one.attributes, attribute)), ...listOf(at(one.attributes, `${attribute}es`))];
  const open = to.some((range) => ['0.0.0.0/0', '*', 'Internet', 'Any'].includes(String(range)));
  const told = { attribute, value: shown(to), wanted: 'a destination with a name' };
  return evidence(stack, one, to.length > 0 && !open, told);
}
