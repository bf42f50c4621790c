import { azureId } from './azure-ids.js';
import type { AzureNames } from './azure-services.js';
import { attributesOf, first, referred } from './graph-attributes.js';
import type { Attributes, StackJson } from './terraform-json.js';

type Answered = readonly (readonly [path: string, body: unknown])[];
type List = readonly Attributes[];
const list = (value: unknown): List => (Array.isArray(value) ? value : value === undefined ? [] : [value]) as List;

/** Networks, security groups, private endpoints and their names, in the shapes of Resource Manager's reference. */
export function azureNetwork(stack: StackJson, names: AzureNames): Answered {
  const each = (type: string, answer: (one: Attributes, address: string) => unknown): Answered =>
    attributesOf(stack, type).map(
      ([address, one]) => [azureId(stack, `\${${address}.id}`), answer(one, address)] as const,
    );
  return [
    ...each('azurerm_virtual_network', (one, address) => ({
      properties: {
        addressSpace: { addressPrefixes: one.address_space },
        subnets: belonging(stack, 'azurerm_subnet', 'virtual_network_name', address).map(({ name }) => ({ name })),
      },
    })),
    ...each('azurerm_subnet', (one, address) => subnetOf(stack, one, address)),
    ...each('azurerm_network_security_group', (_, address) => ({
      properties: {
        securityRules: belonging(stack, 'azurerm_network_security_rule', 'network_security_group_name', address).map(
          ruleOf,
        ),
        defaultSecurityRules: [{ name: 'AllowVnetInBound' }],
      },
    })),
    ...each('azurerm_private_endpoint', (one) => endpointOf(stack, one)),
    ...each('azurerm_monitor_private_link_scope', (one) => ({
      properties: {
        accessModeSettings: {
          ingestionAccessMode: one.ingestion_access_mode,
          queryAccessMode: one.query_access_mode,
          exclusions: [],
        },
      },
    })),
    ...each('azurerm_monitor_data_collection_endpoint', () => ({
      properties: { networkAcls: { publicNetworkAccess: 'Disabled' } },
    })),
    ...attributesOf(stack, 'azurerm_private_dns_zone_virtual_network_link').map(([, one]) => {
      const zone = names.path(referred(stack, one.private_dns_zone_name), 'Microsoft.Network/privateDnsZones');
      const network = { id: azureId(stack, one.virtual_network_id) };
      return [
        `${zone}/virtualNetworkLinks/${one.name}`,
        { properties: { virtualNetwork: network, registrationEnabled: false, virtualNetworkLinkState: 'Completed' } },
      ] as const;
    }),
  ];
}

const belonging = (stack: StackJson, type: string, field: string, address: string): List =>
  attributesOf(stack, type)
    .map(([, one]) => one)
    .filter((one) => String(one[field]).startsWith(`\${${address}.`));

function subnetOf(stack: StackJson, one: Attributes, address: string): unknown {
  const [group] = belonging(stack, 'azurerm_subnet_network_security_group_association', 'subnet_id', address);
  const [nat] = belonging(stack, 'azurerm_subnet_nat_gateway_association', 'subnet_id', address);
  return {
    properties: {
      addressPrefixes: one.address_prefixes,
      ...(group === undefined ? {} : { networkSecurityGroup: { id: azureId(stack, group.network_security_group_id) } }),
      ...(nat === undefined ? {} : { natGateway: { id: azureId(stack, nat.nat_gateway_id) } }),
      defaultOutboundAccess: one.default_outbound_access_enabled,
      privateEndpointNetworkPolicies: one.private_endpoint_network_policies,
      delegations: list(one.delegation).map(({ service_delegation }) => ({
        properties: { serviceName: first(service_delegation).name },
      })),
    },
  };
}

const ruleOf = (rule: Attributes): unknown => ({
  name: rule.name,
  properties: {
    access: rule.access,
    direction: rule.direction,
    priority: rule.priority,
    protocol: rule.protocol,
    ...either('sourceAddressPrefix', rule.source_address_prefix, rule.source_address_prefixes),
    ...either('destinationAddressPrefix', rule.destination_address_prefix, rule.destination_address_prefixes),
    ...either('destinationPortRange', rule.destination_port_range, rule.destination_port_ranges),
  },
});

/** The API has a field for one and a field for several, and leaves the other empty. */
const either = (field: string, one: unknown, several: unknown, plural = field.endsWith('x') ? 'es' : 's') =>
  several === undefined ? { [field]: one, [`${field}${plural}`]: [] } : { [`${field}${plural}`]: several };

function endpointOf(stack: StackJson, one: Attributes): unknown {
  const link = first(one.private_service_connection);
  return {
    properties: {
      subnet: { id: azureId(stack, one.subnet_id) },
      privateLinkServiceConnections: [
        {
          properties: {
            privateLinkServiceId: azureId(stack, link.private_connection_resource_id),
            groupIds: link.subresource_names,
            privateLinkServiceConnectionState: { status: 'Approved' },
          },
        },
      ],
    },
  };
}
