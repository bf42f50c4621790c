import {
  AssociateRouteTableCommand,
  AuthorizeSecurityGroupEgressCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateFlowLogsCommand,
  CreateInternetGatewayCommand,
  CreateLaunchTemplateCommand,
  CreateNatGatewayCommand,
  CreateRouteCommand,
  CreateRouteTableCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  CreateVpcEndpointCommand,
  DescribeManagedPrefixListsCommand,
  DescribeSecurityGroupsCommand,
  EC2Client,
  EnableEbsEncryptionByDefaultCommand,
  type IpPermission,
  ModifyVpcAttributeCommand,
  type ResourceType,
  RevokeSecurityGroupEgressCommand,
} from '@aws-sdk/client-ec2';
import type { AwsStand } from './aws-services.js';
import { attributesOf, first, referred } from './graph-attributes.js';
import type { Attributes } from './terraform-json.js';

/** Networks, their rules and endpoints, flow logs, templates and disks, with the SDK alone. */
export async function makeNetwork(stand: Omit<AwsStand, 'idOf'>): Promise<AwsStand['idOf']> {
  const network = new NetworkApply(stand);
  if (attributesOf(stand.stack, 'aws_vpc').length > 0) await network.run();
  return (expression) => network.idOf(expression);
}

type Texts = readonly unknown[];

class NetworkApply {
  readonly #stand: Omit<AwsStand, 'idOf'>;
  readonly #ec2: EC2Client;
  /** What AWS called each: id by address. */
  readonly #ids = new Map<string, string>();

  constructor(stand: Omit<AwsStand, 'idOf'>) {
    this.#stand = stand;
    this.#ec2 = new EC2Client(stand.config({}));
  }

  async run(): Promise<void> {
    await this.#makePlaces();
    await this.#makeRoutes();
    await this.#makeEndpoints();
    await this.#makeGroupRules();
    await this.#makeMachines();
    await this.#makeFlows();
    for (const _ of attributesOf(this.#stand.stack, 'aws_ebs_encryption_by_default')) {
      await this.#ec2.send(new EnableEbsEncryptionByDefaultCommand({}));
    }
  }

  #each(type: string): readonly (readonly [string, Attributes])[] {
    return attributesOf(this.#stand.stack, type);
  }

  idOf(expression: unknown): string {
    const address = /^\$\{([a-z0-9_]+\.[^.}]+)/.exec(String(expression))?.[1] ?? '';
    const id = this.#ids.get(address);
    if (id === undefined) throw new Error(`${String(expression)} was not made`);
    return id;
  }

  #tags(one: Attributes, ResourceType: ResourceType) {
    const Tags = Object.entries((one.tags ?? {}) as Record<string, string>).map(([Key, Value]) => ({ Key, Value }));
    return [{ ResourceType, Tags }];
  }

  async #makePlaces(): Promise<void> {
    for (const [address, one] of this.#each('aws_vpc')) {
      const TagSpecifications = this.#tags(one, 'vpc');
      const made = await this.#ec2.send(new CreateVpcCommand({ CidrBlock: String(one.cidr_block), TagSpecifications }));
      const VpcId = made.Vpc?.VpcId ?? '';
      this.#ids.set(address, VpcId);
      await this.#ec2.send(new ModifyVpcAttributeCommand({ VpcId, EnableDnsHostnames: { Value: true } }));
      await this.#emptyDefaultGroup(VpcId);
    }
    for (const [address, one] of this.#each('aws_subnet')) {
      const place = { VpcId: this.idOf(one.vpc_id), CidrBlock: String(one.cidr_block) };
      const AvailabilityZone = String(one.availability_zone);
      const TagSpecifications = this.#tags(one, 'subnet');
      const made = await this.#ec2.send(new CreateSubnetCommand({ ...place, AvailabilityZone, TagSpecifications }));
      this.#ids.set(address, made.Subnet?.SubnetId ?? '');
    }
    for (const [address, one] of this.#each('aws_security_group')) {
      const made = await this.#ec2.send(
        new CreateSecurityGroupCommand({
          GroupName: String(one.name),
          Description: String(one.description),
          VpcId: this.idOf(one.vpc_id),
        }),
      );
      this.#ids.set(address, made.GroupId ?? '');
      await this.#closeOutwards(made.GroupId ?? '');
    }
  }

  /** As the provider does: AWS makes every group with a way to everywhere. */
  async #closeOutwards(GroupId: string): Promise<void> {
    const everywhere = { IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] };
    await this.#ec2.send(new RevokeSecurityGroupEgressCommand({ GroupId, IpPermissions: [everywhere] }));
  }

  async #emptyDefaultGroup(vpc: string): Promise<void> {
    const Filters = [{ Name: 'vpc-id', Values: [vpc] }];
    const { SecurityGroups = [] } = await this.#ec2.send(new DescribeSecurityGroupsCommand({ Filters }));
    for (const { GroupId = '' } of SecurityGroups) await this.#closeOutwards(GroupId);
  }

  async #makeRoutes(): Promise<void> {
    for (const [address, one] of this.#each('aws_route_table')) {
      const TagSpecifications = this.#tags(one, 'route-table');
      const made = await this.#ec2.send(
        new CreateRouteTableCommand({ VpcId: this.idOf(one.vpc_id), TagSpecifications }),
      );
      this.#ids.set(address, made.RouteTable?.RouteTableId ?? '');
    }
    for (const [, one] of this.#each('aws_route_table_association')) {
      const RouteTableId = this.idOf(one.route_table_id);
      await this.#ec2.send(new AssociateRouteTableCommand({ RouteTableId, SubnetId: this.idOf(one.subnet_id) }));
    }
    for (const [address] of this.#each('aws_internet_gateway')) {
      const made = await this.#ec2.send(new CreateInternetGatewayCommand({}));
      this.#ids.set(address, made.InternetGateway?.InternetGatewayId ?? '');
    }
    for (const [address, one] of this.#each('aws_nat_gateway')) {
      const made = await this.#ec2.send(new CreateNatGatewayCommand({ SubnetId: this.idOf(one.subnet_id) }));
      this.#ids.set(address, made.NatGateway?.NatGatewayId ?? '');
    }
    for (const [, one] of this.#each('aws_route')) {
      const by =
        one.nat_gateway_id === undefined
          ? { GatewayId: this.idOf(one.gateway_id) }
          : { NatGatewayId: this.idOf(one.nat_gateway_id) };
      const RouteTableId = this.idOf(one.route_table_id);
      const DestinationCidrBlock = String(one.destination_cidr_block);
      await this.#ec2.send(new CreateRouteCommand({ RouteTableId, DestinationCidrBlock, ...by }));
    }
  }

  async #makeEndpoints(): Promise<void> {
    const ids = (values: unknown): string[] => ((values ?? []) as Texts).map((one) => this.idOf(one));
    for (const [, one] of this.#each('aws_vpc_endpoint')) {
      const interfaces = {
        PrivateDnsEnabled: one.private_dns_enabled === true,
        SecurityGroupIds: ids(one.security_group_ids),
        SubnetIds: ids(one.subnet_ids),
      };
      await this.#ec2.send(
        new CreateVpcEndpointCommand({
          VpcId: this.idOf(one.vpc_id),
          ServiceName: String(one.service_name),
          VpcEndpointType: one.vpc_endpoint_type as 'Interface',
          ...(one.vpc_endpoint_type === 'Interface' ? interfaces : { RouteTableIds: ids(one.route_table_ids) }),
          ...(one.policy === undefined ? {} : { PolicyDocument: String(one.policy) }),
        }),
      );
    }
  }

  async #makeGroupRules(): Promise<void> {
    const { PrefixLists = [] } = await this.#ec2.send(new DescribeManagedPrefixListsCommand({}));
    const permission = (rule: Attributes): IpPermission => {
      const ports = rule.ip_protocol === '-1' ? {} : { FromPort: Number(rule.from_port), ToPort: Number(rule.to_port) };
      const IpProtocol = String(rule.ip_protocol);
      if (rule.cidr_ipv4 !== undefined) {
        return { IpProtocol, ...ports, IpRanges: [{ CidrIp: String(rule.cidr_ipv4) }] };
      }
      if (rule.prefix_list_id === undefined) {
        const GroupId = this.idOf(rule.referenced_security_group_id);
        return { IpProtocol, ...ports, UserIdGroupPairs: [{ GroupId }] };
      }
      const service = referred(this.#stand.stack, rule.prefix_list_id).service_name;
      const list = PrefixLists.find(({ PrefixListName }) => PrefixListName === service);
      return { IpProtocol, ...ports, PrefixListIds: [{ PrefixListId: list?.PrefixListId }] };
    };
    for (const [, rule] of this.#each('aws_vpc_security_group_ingress_rule')) {
      const given = { GroupId: this.idOf(rule.security_group_id), IpPermissions: [permission(rule)] };
      await this.#ec2.send(new AuthorizeSecurityGroupIngressCommand(given));
    }
    for (const [, rule] of this.#each('aws_vpc_security_group_egress_rule')) {
      const given = { GroupId: this.idOf(rule.security_group_id), IpPermissions: [permission(rule)] };
      await this.#ec2.send(new AuthorizeSecurityGroupEgressCommand(given));
    }
  }

  async #makeMachines(): Promise<void> {
    for (const [, one] of this.#each('aws_launch_template')) {
      const { http_put_response_hop_limit } = first(one.metadata_options);
      await this.#ec2.send(
        new CreateLaunchTemplateCommand({
          LaunchTemplateName: String(one.name),
          LaunchTemplateData: {
            MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: Number(http_put_response_hop_limit) },
            BlockDeviceMappings: (one.block_device_mappings as readonly Attributes[]).map(({ device_name, ebs }) => ({
              DeviceName: String(device_name),
              Ebs: { Encrypted: true, KmsKeyId: this.#stand.key(first(ebs).kms_key_id) },
            })),
          },
        }),
      );
    }
  }

  async #makeFlows(): Promise<void> {
    for (const [, one] of this.#each('aws_flow_log')) {
      await this.#ec2.send(
        new CreateFlowLogsCommand({
          ResourceType: 'VPC',
          ResourceIds: [this.idOf(one.vpc_id)],
          TrafficType: one.traffic_type as 'ALL',
          MaxAggregationInterval: Number(one.max_aggregation_interval),
          LogDestinationType: 'cloud-watch-logs',
          LogGroupName: String(referred(this.#stand.stack, one.log_destination).name),
          DeliverLogsPermissionArn: `arn:aws:iam::${this.#stand.account}:role/flows`,
        }),
      );
    }
  }
}
