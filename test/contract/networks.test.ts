import type { Cloud } from '../support/bucket-facts.js';
import { Editable } from '../support/editable.js';
import { type NetworkFacts, networkFacts } from '../support/network-facts.js';
import { find, stackOf, synth } from '../support/stacks.js';
import { reviewed, type StackJson } from '../support/terraform-json.js';

const CLOUDS: readonly Cloud[] = ['aws', 'gcp', 'azure'];
const BI = '10.200.0.0/16';

const environments = CLOUDS.map((cloud) => find(`${cloud}-prod`));
const reporting = synth(
  environments.map((one) => ({ ...one, network: { ...one.network, biSourceCidrs: [BI], peerCidrs: [BI] } })),
);
const planeOf = (cloud: Cloud): StackJson => reviewed(`${cloud}-prod-plane`);
const reportingOf = (cloud: Cloud): StackJson => stackOf(reporting, `${cloud}-prod-plane`);

const NODES_ON_AWS = [
  'nodes > endpoints:443',
  'nodes > postgres:5432',
  'nodes > reader:5432',
  'nodes > redis:6379',
] as const;

/** The whole list of who reaches what. A line more is a hole; a line less is an outage. */
const REACH: Readonly<Record<Cloud, readonly string[]>> = {
  aws: NODES_ON_AWS,
  // Primaries and replicas share a network of Google's, which takes no rules of ours.
  gcp: ['nodes > databases:5432', 'nodes > endpoints:443', 'nodes > redis:6379'],
  // Standby and replicas follow the primary through ports 5432 and 6432; Redis is a private endpoint on 10000.
  azure: [
    'nodes > endpoints:10000',
    'nodes > endpoints:443',
    'nodes > postgres:5432',
    'nodes > reader:5432',
    'postgres > postgres:5432',
    'postgres > postgres:6432',
    'postgres > reader:5432',
    'postgres > reader:6432',
    'reader > postgres:5432',
    'reader > postgres:6432',
    'reader > reader:5432',
    'reader > reader:6432',
  ],
};

const PROMISE: Omit<NetworkFacts, 'reach' | 'flowLogDays'> = {
  zones: 3,
  natSurvives: true,
  deniesRest: true,
  dataOffline: true,
  storesPrivate: true,
};

/** Azure counts to 365 days; then the account that keeps the logs ends them with its own lifecycle, after 400. */
const promised = (cloud: Cloud): NetworkFacts => ({
  ...PROMISE,
  reach: REACH[cloud],
  flowLogDays: cloud === 'azure' ? Number.POSITIVE_INFINITY : 400,
});

describe('the network of production', () => {
  it.each(CLOUDS)('keeps every promise on %s', (cloud) => {
    expect(networkFacts(cloud, planeOf(cloud))).toEqual(promised(cloud));
  });

  it('on AWS has three subnets of each kind and three NATs, one a zone', () => {
    const { aws_subnet: subnets = {}, aws_nat_gateway: nats = {} } = planeOf('aws').resource;
    expect(Object.keys(subnets)).toHaveLength(9);
    expect(Object.keys(nats)).toHaveLength(3);
  });

  it.each(['aws', 'azure'] as const)('lets reports into replicas on %s and nowhere else', (cloud) => {
    const { reach } = networkFacts(cloud, reportingOf(cloud));
    expect(reach.filter((line) => line.startsWith(BI))).toEqual([`${BI} > reader:5432`]);
    expect(reach.filter((line) => !line.startsWith(BI))).toEqual(promised(cloud).reach);
  });

  it('on Azure links what the vault makes, under the ids that it has there', () => {
    const { azurerm_storage_account: accounts = {}, azurerm_key_vault: vaults = {} } =
      reviewed('azure-prod-vault').resource;
    const made = [...Object.values(accounts), ...Object.values(vaults)].map(({ name }) => name);
    const linked = Object.values(planeOf('azure').resource.azurerm_private_endpoint ?? {})
      .map(
        (one) =>
          (one.private_service_connection as { private_connection_resource_id: string }).private_connection_resource_id,
      )
      .filter((id) => id.startsWith('/subscriptions/'));
    expect(linked).toHaveLength(6);
    for (const id of linked) {
      expect(id).toContain('/resourceGroups/memplane-prod-vault/providers/');
      expect(made).toContain(id.split('/').at(-1));
    }
  });

  it('names no address of the internet as a source', () => {
    for (const cloud of CLOUDS) {
      const text = JSON.stringify(reportingOf(cloud).resource);
      expect({ cloud, open: /"(cidr_ipv4|source_address_prefix)":"(0\.0\.0\.0\/0|Internet)"/.test(text) }).toEqual({
        cloud,
        open: false,
      });
    }
  });
});

interface Mutant {
  readonly cloud: Cloud;
  readonly because: string;
  readonly changes: keyof NetworkFacts;
  readonly mutate: (stack: Editable) => void;
}

const INTO_REDIS = 'network_nodes_into_redis';

const MUTANTS: readonly Mutant[] = [
  {
    cloud: 'aws',
    because: 'data would be open to the internet',
    changes: 'reach',
    mutate: (s) => {
      s.set('aws_vpc_security_group_ingress_rule', INTO_REDIS, ['referenced_security_group_id'], '');
      s.add('aws_vpc_security_group_ingress_rule', INTO_REDIS, 'cidr_ipv4', '0.0.0.0/0');
    },
  },
  {
    cloud: 'aws',
    because: 'another port is another service',
    changes: 'reach',
    mutate: (s) => s.set('aws_vpc_security_group_ingress_rule', 'network_nodes_into_postgres', ['from_port'], 22),
  },
  {
    cloud: 'aws',
    because: 'a NAT for all falls with its zone',
    changes: 'natSurvives',
    mutate: (s) => s.remove('aws_nat_gateway', 'network_nat_eu-central-1b'),
  },
  {
    cloud: 'aws',
    because: 'two zones are not three',
    changes: 'zones',
    mutate: (s) => s.set('aws_subnet', 'network_nodes_eu-central-1b', ['availability_zone'], 'eu-central-1a'),
  },
  {
    cloud: 'aws',
    because: 'the default group lets its members reach each other',
    changes: 'deniesRest',
    mutate: (s) => s.remove('aws_default_security_group', 'network_default_group'),
  },
  {
    cloud: 'aws',
    because: 'a public address is a way in',
    changes: 'dataOffline',
    mutate: (s) => s.set('aws_subnet', 'network_data_eu-central-1a', ['map_public_ip_on_launch'], true),
  },
  {
    cloud: 'aws',
    because: 'refused connections are evidence as well',
    changes: 'flowLogDays',
    mutate: (s) => s.set('aws_flow_log', 'network_flow_log', ['traffic_type'], 'ACCEPT'),
  },
  {
    cloud: 'aws',
    because: 'without its private name a secret is asked for outside',
    changes: 'storesPrivate',
    mutate: (s) => s.set('aws_vpc_endpoint', 'network_endpoint_secretsmanager', ['private_dns_enabled'], false),
  },
  {
    cloud: 'gcp',
    because: 'a public zone answers nobody in the network',
    changes: 'storesPrivate',
    mutate: (s) => s.set('google_dns_managed_zone', 'network_dns_apis', ['visibility'], 'public'),
  },
  {
    cloud: 'azure',
    because: 'a vault that is closed and not linked is a door without a handle',
    changes: 'storesPrivate',
    mutate: (s) => s.remove('azurerm_private_endpoint', 'links_to_tenants-vault'),
  },
  {
    cloud: 'gcp',
    because: 'without it everything may leave',
    changes: 'deniesRest',
    mutate: (s) => s.remove('google_compute_firewall', 'network_firewall_deny_out'),
  },
  {
    cloud: 'gcp',
    because: 'a later rule than Google’s own allows everything',
    changes: 'deniesRest',
    mutate: (s) => s.set('google_compute_firewall', 'network_firewall_deny_in', ['priority'], 65_535),
  },
  {
    cloud: 'gcp',
    because: 'every port of the databases is more than one',
    changes: 'reach',
    mutate: (s) =>
      s.set('google_compute_firewall', 'network_firewall_nodes_to_postgres', ['allow', 0, 'ports', 0], '1-65535'),
  },
  {
    cloud: 'gcp',
    because: 'endpoints of stores would get a way out',
    changes: 'dataOffline',
    mutate: (s) =>
      s.set(
        'google_compute_router_nat',
        'network_nat',
        ['source_subnetwork_ip_ranges_to_nat'],
        'ALL_SUBNETWORKS_ALL_IP_RANGES',
      ),
  },
  {
    cloud: 'gcp',
    because: 'half of the connections are no evidence',
    changes: 'flowLogDays',
    mutate: (s) => s.set('google_compute_subnetwork', 'network_nodes', ['log_config', 'flow_sampling'], 0.5),
  },
  {
    cloud: 'azure',
    because: 'Azure’s own defaults trust the whole network',
    changes: 'deniesRest',
    mutate: (s) => s.remove('azurerm_network_security_rule', 'network_rule_postgres_deny_in'),
  },
  {
    cloud: 'azure',
    because: 'rules that stand in no subnet guard nothing',
    changes: 'deniesRest',
    mutate: (s) => s.remove('azurerm_subnet_network_security_group_association', 'network_group_of_postgres'),
  },
  {
    cloud: 'azure',
    because: 'data would be open to the internet',
    changes: 'reach',
    mutate: (s) =>
      s.set(
        'azurerm_network_security_rule',
        'network_rule_postgres_nodes_in_5432',
        ['source_address_prefixes'],
        ['0.0.0.0/0'],
      ),
  },
  {
    cloud: 'azure',
    because: 'Azure gives every subnet a way out',
    changes: 'dataOffline',
    mutate: (s) => s.set('azurerm_subnet', 'network_subnet_postgres', ['default_outbound_access_enabled'], true),
  },
  {
    cloud: 'azure',
    because: 'two NATs in a zone fall together',
    changes: 'natSurvives',
    mutate: (s) => s.set('azurerm_nat_gateway', 'network_nat_2', ['zones'], ['1']),
  },
  {
    cloud: 'azure',
    because: 'a log that is off logs nothing',
    changes: 'flowLogDays',
    mutate: (s) => s.set('azurerm_network_watcher_flow_log', 'network_flow_log', ['enabled'], false),
  },
];

describe('the facts that the promises are read from', () => {
  it.each(MUTANTS)('notice on $cloud: $because', ({ cloud, mutate, changes }) => {
    const edited = new Editable(planeOf(cloud));
    mutate(edited);
    expect(networkFacts(cloud, edited.stack)[changes]).not.toEqual(promised(cloud)[changes]);
  });
});
