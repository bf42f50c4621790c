import {
  DescribeFlowLogsCommand,
  DescribeLaunchTemplateVersionsCommand,
  DescribeManagedPrefixListsCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVpcAttributeCommand,
  DescribeVpcEndpointsCommand,
  DescribeVpcsCommand,
  EC2Client,
  type Filter,
  GetEbsDefaultKmsKeyIdCommand,
  GetEbsEncryptionByDefaultCommand,
  type IpPermission,
  type Tag,
} from '@aws-sdk/client-ec2';
import { listed } from '../graph.js';
import type { Facts, Target } from '../target.js';
import type { Keys } from './keys.js';
import { wayText } from './network-words.js';
import { nameIn } from './policy.js';
import { type AwsOptions, ask, clientConfig, perRegion } from './request.js';
import type { Service } from './service.js';
import { readPolicy, statementFacts } from './statements.js';

type Reader = (client: EC2Client, target: Target, keys: Keys) => Promise<Facts | undefined>;

/** What EC2 knows: networks, who may pass, endpoints, flow logs, templates of machines, and disks. */
/** Ids of security groups in a text, by their names: other services tell ids alone. */
export async function groupNames(client: EC2Client, ids: string): Promise<string> {
  const GroupIds = [...new Set(ids.split(', '))];
  const command = new DescribeSecurityGroupsCommand({ Filters: [{ Name: 'group-id', Values: GroupIds }] });
  const { SecurityGroups = [] } = (await ask(client.send(command), [])) ?? {};
  const names = new Map(SecurityGroups.map(({ GroupId, GroupName }) => [GroupId, GroupName]));
  return listed(GroupIds.map((id) => names.get(id) ?? id)) ?? '';
}

export function openNetwork(options: AwsOptions): Readonly<Record<string, Service>> {
  const clients = perRegion((region) => new EC2Client(clientConfig(region, options)));
  const service = (read: Reader): Service => ({
    read: (target, keys) => read(clients.of(target.region), target, keys),
    close: clients.close,
  });
  return {
    network: service(readNetwork),
    subnet: service(readSubnet),
    routes: service(readRoutes),
    group: service(readGroup),
    endpoint: service(readEndpoint),
    flows: service(readFlows),
    machine: service(readMachine),
    disks: service(readDisks),
    'disks key': service(readDisksKey),
  };
}

const named = (name: string): Filter[] => [{ Name: 'tag:Name', Values: [name] }];
const tagged = (tags: readonly Tag[] | undefined): string | undefined => tags?.find(({ Key }) => Key === 'Name')?.Value;

async function networkId(client: EC2Client, name: string): Promise<string | undefined> {
  return (await ask(client.send(new DescribeVpcsCommand({ Filters: named(name) })), []))?.Vpcs?.[0]?.VpcId;
}

async function readNetwork(client: EC2Client, { name }: Target): Promise<Facts | undefined> {
  const found = (await ask(client.send(new DescribeVpcsCommand({ Filters: named(name) })), []))?.Vpcs?.[0];
  if (found?.VpcId === undefined) return undefined;
  const { VpcId } = found;
  const [support, hostnames] = await Promise.all([
    ask(client.send(new DescribeVpcAttributeCommand({ VpcId, Attribute: 'enableDnsSupport' })), []),
    ask(client.send(new DescribeVpcAttributeCommand({ VpcId, Attribute: 'enableDnsHostnames' })), []),
  ]);
  return {
    'address range': found.CidrBlock,
    'names inside': support?.EnableDnsSupport?.Value === true,
    'names of machines': hostnames?.EnableDnsHostnames?.Value === true,
  };
}

async function readSubnet(client: EC2Client, { name }: Target): Promise<Facts | undefined> {
  const found = (await ask(client.send(new DescribeSubnetsCommand({ Filters: named(name) })), []))?.Subnets?.[0];
  if (found === undefined) return undefined;
  return {
    'address range': found.CidrBlock,
    zone: found.AvailabilityZone,
    'public addresses': found.MapPublicIpOnLaunch === true,
  };
}

async function subnetNames(client: EC2Client): Promise<ReadonlyMap<string, string | undefined>> {
  const { Subnets = [] } = (await ask(client.send(new DescribeSubnetsCommand({})), [])) ?? {};
  return new Map(Subnets.map(({ SubnetId = '', Tags }) => [SubnetId, tagged(Tags)]));
}

const isPrivate = (cidr: string): boolean =>
  /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/.test(cidr);

async function readRoutes(client: EC2Client, { name }: Target): Promise<Facts | undefined> {
  const answer = await ask(client.send(new DescribeRouteTablesCommand({ Filters: named(name) })), []);
  const table = answer?.RouteTables?.[0];
  if (table === undefined) return undefined;
  // What stays within the network, what a gateway endpoint of it answers, and a peering of private networks that
  // whoever runs the other one made, lead nobody out.
  const out = (table.Routes ?? []).filter(
    ({ GatewayId = '', DestinationPrefixListId, DestinationCidrBlock = '' }) =>
      GatewayId !== 'local' && DestinationPrefixListId === undefined && !isPrivate(DestinationCidrBlock),
  );
  const ways = out.map(({ DestinationCidrBlock, DestinationIpv6CidrBlock, NatGatewayId, GatewayId = '' }) => {
    const by =
      NatGatewayId !== undefined
        ? 'NAT'
        : GatewayId.startsWith('igw-')
          ? 'the internet'
          : GatewayId || 'something else';
    return `${DestinationCidrBlock ?? DestinationIpv6CidrBlock} by ${by}`;
  });
  const names = await subnetNames(client);
  const subnets = (table.Associations ?? []).flatMap(({ SubnetId }) =>
    SubnetId === undefined ? [] : [names.get(SubnetId) ?? SubnetId],
  );
  return { 'lead out': listed(ways), 'for subnets': listed(subnets) };
}

async function readGroup(client: EC2Client, { name: path }: Target): Promise<Facts | undefined> {
  const [network = '', name] = path.split('/');
  const vpc = await networkId(client, network);
  if (vpc === undefined) return undefined;
  const Filters = [{ Name: 'vpc-id', Values: [vpc] }];
  const { SecurityGroups = [] } = (await ask(client.send(new DescribeSecurityGroupsCommand({ Filters })), [])) ?? {};
  const found = SecurityGroups.find(({ GroupName }) => GroupName === name);
  if (found === undefined) return undefined;
  const names = new Map(SecurityGroups.map(({ GroupId = '', GroupName }) => [GroupId, GroupName]));
  const lists = await prefixLists(client);
  const ways = (permissions: readonly IpPermission[] | undefined): string | undefined =>
    listed((permissions ?? []).flatMap((one) => waysIn(one, names, lists)));
  return { 'lets in': ways(found.IpPermissions), 'lets out': ways(found.IpPermissionsEgress) };
}

/** Lists of addresses that AWS keeps itself have the name of their service: `com.amazonaws.eu-central-1.s3`. */
async function prefixLists(client: EC2Client): Promise<ReadonlyMap<string, string | undefined>> {
  const { PrefixLists = [] } = (await ask(client.send(new DescribeManagedPrefixListsCommand({})), [])) ?? {};
  return new Map(PrefixLists.map(({ PrefixListId = '', PrefixListName }) => [PrefixListId, PrefixListName]));
}

function waysIn(
  { IpProtocol = '', FromPort, ToPort, IpRanges, Ipv6Ranges, UserIdGroupPairs, PrefixListIds }: IpPermission,
  names: ReadonlyMap<string, string | undefined>,
  lists: ReadonlyMap<string, string | undefined>,
): readonly string[] {
  const whom = [
    ...(IpRanges ?? []).map(({ CidrIp }) => CidrIp),
    ...(Ipv6Ranges ?? []).map(({ CidrIpv6 }) => CidrIpv6),
    ...(UserIdGroupPairs ?? []).map(({ GroupId = '' }) => names.get(GroupId) ?? GroupId),
    ...(PrefixListIds ?? []).map(({ PrefixListId = '' }) => lists.get(PrefixListId) ?? PrefixListId),
  ];
  return whom.map((one) => wayText({ protocol: IpProtocol, from: FromPort, to: ToPort, whom: String(one) }));
}

async function readEndpoint(client: EC2Client, { name: path }: Target, keys: Keys): Promise<Facts | undefined> {
  const [network = '', service = ''] = path.split('/');
  const vpc = await networkId(client, network);
  if (vpc === undefined) return undefined;
  const Filters = [
    { Name: 'vpc-id', Values: [vpc] },
    { Name: 'service-name', Values: [service] },
  ];
  const found = (await ask(client.send(new DescribeVpcEndpointsCommand({ Filters })), []))?.VpcEndpoints?.[0];
  if (found === undefined) return undefined;
  const subnets = await subnetNames(client);
  const tables = (await ask(client.send(new DescribeRouteTablesCommand({})), []))?.RouteTables ?? [];
  const tableOf = (id: string) => tagged(tables.find(({ RouteTableId }) => RouteTableId === id)?.Tags) ?? id;
  return {
    'names inside': found.VpcEndpointType === 'Gateway' || found.PrivateDnsEnabled === true,
    groups: listed((found.Groups ?? []).map(({ GroupName }) => GroupName)),
    subnets: listed((found.SubnetIds ?? []).map((id) => subnets.get(id) ?? id)),
    'route tables': listed((found.RouteTableIds ?? []).map(tableOf)),
    ...statementFacts(await readPolicy(found.PolicyDocument, keys).then(unlessEverything)),
  };
}

/** Who writes no policy for an endpoint gets one of AWS that allows everything, without a name. */
function unlessEverything(policy: string | undefined): string | undefined {
  const facts = statementFacts(policy);
  return facts.statements === '1' &&
    /"Action":"\*".*"Effect":"Allow".*"Resource":"\*"/.test(String(facts['statement 1']))
    ? undefined
    : policy;
}

async function readFlows(client: EC2Client, { name }: Target): Promise<Facts | undefined> {
  const vpc = await networkId(client, name);
  if (vpc === undefined) return undefined;
  const command = new DescribeFlowLogsCommand({ Filter: [{ Name: 'resource-id', Values: [vpc] }] });
  const flows = (await ask(client.send(command), []))?.FlowLogs?.[0];
  if (flows === undefined) return undefined;
  return {
    on: flows.FlowLogStatus === 'ACTIVE',
    what: flows.TrafficType,
    'every seconds': flows.MaxAggregationInterval,
    'written to': flows.LogGroupName ?? nameIn(flows.LogDestination?.replace(/:\*$/, '')),
  };
}

const NO_TEMPLATE = ['InvalidLaunchTemplateName.NotFoundException', 'InvalidLaunchTemplateId.NotFound'];

async function readMachine(client: EC2Client, { name, region }: Target, keys: Keys): Promise<Facts | undefined> {
  const command = new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateName: name, Versions: ['$Default'] });
  const data = (await ask(client.send(command), NO_TEMPLATE))?.LaunchTemplateVersions?.[0]?.LaunchTemplateData;
  if (data === undefined) return undefined;
  const disks = await Promise.all(
    (data.BlockDeviceMappings ?? []).map(async ({ DeviceName, Ebs }) => {
      const sealed = Ebs?.Encrypted === true ? await keys.nameOf(Ebs.KmsKeyId, region) : 'not encrypted';
      return `${DeviceName}: ${sealed}`;
    }),
  );
  return {
    'metadata only with a token': data.MetadataOptions?.HttpTokens === 'required',
    'metadata hops': data.MetadataOptions?.HttpPutResponseHopLimit,
    disks: listed(disks),
    'public address': (data.NetworkInterfaces ?? []).some((one) => one.AssociatePublicIpAddress === true),
  };
}

async function readDisks(client: EC2Client): Promise<Facts | undefined> {
  const said = await ask(client.send(new GetEbsEncryptionByDefaultCommand({})), []);
  return { 'encrypted by default': said?.EbsEncryptionByDefault === true };
}

async function readDisksKey(client: EC2Client, { region }: Target, keys: Keys): Promise<Facts | undefined> {
  const said = await ask(client.send(new GetEbsDefaultKmsKeyIdCommand({})), []);
  return { 'encryption key': await keys.nameOf(said?.KmsKeyId, region) };
}
