import { listed } from '../graph.js';
import { at, numberAt, textAt } from '../rest.js';
import type { Facts } from '../target.js';
import { type AzureReader, reading } from './reading.js';
import { wayText } from './way-words.js';

type Json = Readonly<Record<string, unknown>>;

const VERSION = '2024-05-01';

const each = (value: unknown, path: string): readonly Json[] => (at(value, path) ?? []) as readonly Json[];
const texts = (value: unknown, path: string): readonly string[] => (at(value, path) ?? []) as readonly string[];
const last = (id: string | undefined): string | undefined => id?.split('/').at(-1);

/** One value, or several: the API has a field for each. */
const either = (rule: Json, one: string, several: string): readonly string[] => {
  const many = texts(rule, `properties.${several}`);
  const single = textAt(rule, `properties.${one}`);
  return many.length > 0 || single === undefined || single === '' ? many : [single];
};

function factsOfGroup(group: Json): Facts {
  const rules = each(group, 'properties.securityRules');
  const words = rules.map(
    (rule) =>
      [
        `rule ${rule.name}`,
        wayText({
          direction: textAt(rule, 'properties.direction'),
          access: textAt(rule, 'properties.access'),
          priority: numberAt(rule, 'properties.priority'),
          protocol: textAt(rule, 'properties.protocol'),
          from: either(rule, 'sourceAddressPrefix', 'sourceAddressPrefixes'),
          to: either(rule, 'destinationAddressPrefix', 'destinationAddressPrefixes'),
          ports: either(rule, 'destinationPortRange', 'destinationPortRanges'),
        }),
      ] as const,
  );
  return { rules: listed(rules.map(({ name }) => String(name))), ...Object.fromEntries(words) };
}

export const NETWORK: Readonly<Record<string, AzureReader>> = {
  group: reading(VERSION, factsOfGroup),
  network: reading(VERSION, (network) => ({
    'address range': listed(texts(network, 'properties.addressSpace.addressPrefixes')),
    subnets: listed(each(network, 'properties.subnets').map(({ name }) => String(name))),
  })),
  subnet: reading(VERSION, (subnet) => {
    const prefix = textAt(subnet, 'properties.addressPrefix');
    return {
      'address range': listed(prefix === undefined ? texts(subnet, 'properties.addressPrefixes') : [prefix]),
      rules: last(textAt(subnet, 'properties.networkSecurityGroup.id')),
      'way out': last(textAt(subnet, 'properties.natGateway.id')),
      'way out of Azure': at(subnet, 'properties.defaultOutboundAccess') !== false,
      'rules for endpoints': textAt(subnet, 'properties.privateEndpointNetworkPolicies'),
      'given to': listed(each(subnet, 'properties.delegations').map((one) => textAt(one, 'properties.serviceName'))),
    };
  }),
  endpoint: reading(VERSION, (endpoint) => {
    const [link] = each(endpoint, 'properties.privateLinkServiceConnections');
    return {
      to: last(textAt(link, 'properties.privateLinkServiceId')),
      what: listed(texts(link, 'properties.groupIds')),
      state: textAt(link, 'properties.privateLinkServiceConnectionState.status'),
      subnet: last(textAt(endpoint, 'properties.subnet.id')),
    };
  }),
  'private names': reading('2020-06-01', (link) => ({
    network: last(textAt(link, 'properties.virtualNetwork.id')),
    'machines write names': at(link, 'properties.registrationEnabled') === true,
  })),
  'metrics scope': reading('2021-07-01-preview', (scope) => ({
    'taken in': textAt(scope, 'properties.accessModeSettings.ingestionAccessMode'),
    asked: textAt(scope, 'properties.accessModeSettings.queryAccessMode'),
  })),
  'metrics door': reading('2022-06-01', (door) => ({
    public: textAt(door, 'properties.networkAcls.publicNetworkAccess') !== 'Disabled',
  })),
};
