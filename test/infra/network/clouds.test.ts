import { buildS3EndpointPolicy } from '../../../infra/network/aws-endpoints.js';
import { plainId } from '../../support/stacks.js';
import { AWS } from '../sites.js';
import { only, synthNetwork } from '../units.js';

const EGRESS = [{ name: 'llm', cidr: '203.0.113.0/24', ports: [443, 8443] }];

describe('a network on AWS', () => {
  const stack = synthNetwork('aws', { egress: EGRESS, biSourceCidrs: ['10.200.0.0/16'] });

  it('lets pods to a named destination, a rule a port', () => {
    for (const port of EGRESS[0]?.ports ?? []) {
      expect(only(stack, 'aws_vpc_security_group_egress_rule', `it_nodes_out_to_llm_${port}`)).toMatchObject({
        cidr_ipv4: '203.0.113.0/24',
        ip_protocol: 'tcp',
        from_port: port,
        to_port: port,
      });
    }
  });

  it('lets reports into replicas by their range', () => {
    const rule = only(stack, 'aws_vpc_security_group_ingress_rule', 'it_bi_into_reader_10-200-0-0-16');
    expect(rule).toMatchObject({
      cidr_ipv4: '10.200.0.0/16',
      from_port: 5432,
      description: 'reports to read replicas',
    });
  });

  it('describes every rule and group: an auditor reads nothing else', () => {
    const types = ['aws_security_group', 'aws_vpc_security_group_ingress_rule', 'aws_vpc_security_group_egress_rule'];
    const described = types.flatMap((type) => Object.values(stack.resource[type] ?? {}));
    expect(described.length).toBeGreaterThan(10);
    for (const one of described) expect(one.description).toMatch(/\w/);
  });

  it('leaves nodes one NAT when one is what was asked for', () => {
    const frugal = synthNetwork('aws', { natPerZone: false });
    const [nat] = Object.keys(frugal.resource.aws_nat_gateway ?? {});
    const routes = Object.values(frugal.resource.aws_route ?? {}).filter((route) => route.nat_gateway_id !== undefined);
    expect(routes).toHaveLength(3);
    expect(new Set(routes.map((route) => route.nat_gateway_id))).toEqual(new Set([`\${aws_nat_gateway.${nat}.id}`]));
  });

  it('ends at the account: no endpoint carries data into a bucket of another one', () => {
    const policy = JSON.parse(buildS3EndpointPolicy(AWS)) as { Statement: { Action: string; Condition?: object }[] };
    const writes = policy.Statement.filter(({ Action }) => Action === 's3:*');
    expect(writes).toHaveLength(1);
    expect(writes[0]?.Condition).toEqual({ StringEquals: { 'aws:ResourceAccount': '111122223333' } });
  });
});

describe('a network on Google Cloud', () => {
  it('lets routes of a VPN into the peering only for reports', () => {
    expect(synthNetwork('gcp').resource.google_compute_network_peering_routes_config).toBeUndefined();
    const reporting = synthNetwork('gcp', { biSourceCidrs: ['10.200.0.0/16'] });
    expect(only(reporting, 'google_compute_network_peering_routes_config', 'it_peering_routes')).toMatchObject({
      export_custom_routes: true,
      import_custom_routes: false,
    });
  });

  it('keeps a range for databases here and one for those that take over there', () => {
    const stack = synthNetwork('gcp');
    expect(only(stack, 'google_compute_global_address', 'it_databases')).toMatchObject({
      address: '10.0.2.0',
      prefix_length: 24,
      purpose: 'VPC_PEERING',
    });
    expect(only(stack, 'google_compute_global_address', 'it_databases_replica').address).toBe('10.0.3.0');
  });

  it('reaches the APIs by private addresses, which the firewall lets through', () => {
    const stack = synthNetwork('gcp');
    const { rrdatas } = only(stack, 'google_dns_record_set', 'it_dns_apis_host');
    expect(rrdatas).toEqual(['199.36.153.8', '199.36.153.9', '199.36.153.10', '199.36.153.11']);
    const rule = only(stack, 'google_compute_firewall', 'it_firewall_nodes_to_endpoints');
    expect(rule.destination_ranges).toEqual(['199.36.153.8/30']);
  });

  it('lets pods to a named destination', () => {
    const rule = only(synthNetwork('gcp', { egress: EGRESS }), 'google_compute_firewall', 'it_firewall_nodes_to_llm');
    expect(rule).toMatchObject({ direction: 'EGRESS', allow: [{ protocol: 'tcp', ports: ['443', '8443'] }] });
  });
});

describe('a network on Azure', () => {
  const stack = synthNetwork('azure', { egress: EGRESS });

  it('gives subnets to the services that place themselves in them, and to no other', () => {
    const delegated = Object.entries(stack.resource.azurerm_subnet ?? {})
      .filter(([, subnet]) => subnet.delegation !== undefined)
      .map(([id]) => plainId(id).replace('it_subnet_', ''));
    expect(delegated.sort()).toEqual(['control_plane', 'postgres', 'reader']);
  });

  it('numbers the rules of each direction and denies last', () => {
    const rules = Object.entries(stack.resource.azurerm_network_security_rule ?? {}).filter(([id]) =>
      id.startsWith('it_rule_nodes_'),
    );
    for (const direction of ['Inbound', 'Outbound']) {
      const priorities = rules.filter(([, rule]) => rule.direction === direction).map(([, rule]) => rule.priority);
      expect(new Set(priorities).size).toBe(priorities.length);
      expect(Math.max(...priorities.map(Number))).toBe(4096);
    }
    expect(only(stack, 'azurerm_network_security_rule', 'it_rule_nodes_to_llm')).toMatchObject({
      destination_address_prefix: '203.0.113.0/24',
      destination_port_ranges: ['443', '8443'],
    });
  });

  it('counts the days of its logs up to a year, and leaves longer ones to the account that keeps them', () => {
    const days = (flowLogDays: number) =>
      only(synthNetwork('azure', { flowLogDays }), 'azurerm_network_watcher_flow_log', 'it_flow_log').retention_policy;
    expect(days(30)).toEqual({ enabled: true, days: 30 });
    expect(days(400)).toEqual({ enabled: false, days: 0 });
  });
});
