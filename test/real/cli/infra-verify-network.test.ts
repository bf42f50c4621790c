import {
  AuthorizeSecurityGroupIngressCommand,
  CreateLaunchTemplateVersionCommand,
  CreateRouteCommand,
  DeleteFlowLogsCommand,
  DescribeFlowLogsCommand,
  DescribeInternetGatewaysCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVpcEndpointsCommand,
  DisableEbsEncryptionByDefaultCommand,
  EC2Client,
  ModifyLaunchTemplateCommand,
  ModifySubnetAttributeCommand,
  ModifyVpcEndpointCommand,
} from '@aws-sdk/client-ec2';
import { IAMClient, PutRolePolicyCommand, UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam';
import { GetKeyPolicyCommand, KMSClient, ListAliasesCommand, PutKeyPolicyCommand } from '@aws-sdk/client-kms';
import { ModifyDBInstanceCommand, RDSClient } from '@aws-sdk/client-rds';
import { PutBucketLifecycleConfigurationCommand, PutBucketLoggingCommand, S3Client } from '@aws-sdk/client-s3';
import { DeletePublicAccessBlockCommand, S3ControlClient } from '@aws-sdk/client-s3-control';
import { jest } from '@jest/globals';
import { oneHost } from '../../../operator/cli/infra/aws/account.js';
import { type AppliedAws, applyAwsProd, type VerifiedRow } from '../../support/applied-aws.js';
import { MOTO_ACCOUNT } from '../../support/aws-apply.js';
import { describePart, partExists } from '../../support/parts.js';

jest.setTimeout(900_000);

/** What somebody does in a console on a bad day, all of it before one reading. */
describePart('memoryctl infra verify sees what was changed beside Terraform (moto)', partExists('moto'), () => {
  const environment = process.env;
  let account: AppliedAws;
  let found: ReadonlyMap<string, readonly [live: unknown, remedy: unknown]>;
  let code: number;

  beforeAll(async () => {
    account = await applyAwsProd();
    process.env = { ...environment, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
    const at = { region: 'eu-central-1', endpoint: account.url };
    await changeNetwork(new EC2Client(at));
    await changeMachines(new EC2Client(at));
    await changeDatabase(new EC2Client(at), new RDSClient(at));
    await changeRights(new IAMClient(at), new KMSClient(at));
    await changeBuckets(new S3Client({ ...at, forcePathStyle: true }), new S3ControlClient({ ...at, ...oneHost(at) }));
    const said = await account.verify();
    code = said.code;
    const called = ({ name, resource, property }: VerifiedRow) =>
      property === 'exists' ? `${resource.split('.')[0]} exists` : `${name} ${property}`;
    found = new Map(said.rows.map((row) => [called(row), [row.live, row.remedy]]));
  });
  afterAll(async () => {
    process.env = environment;
    await account?.stop();
  });

  const ANYONE = 'anyone can reach Postgres';
  it.each([
    ['memplane-prod/memplane-prod-postgres lets in', 'tcp 5432 0.0.0.0/0, tcp 5432 memplane-prod-nodes', ANYONE],
    ['memplane-prod/default lets in', 'everything 10.0.0.0/8', 'the group of nobody lets in'],
    ['memplane-prod-data lead out', '0.0.0.0/0 by the internet', 'data has a way out'],
    ['memplane-prod-data-eu-central-1a public addresses', true, 'machines there get public addresses'],
    ['memplane-prod/com.amazonaws.eu-central-1.s3 statements', undefined, 'the endpoint lets out to any account'],
    ['aws_flow_log exists', false, 'nobody writes down who talked to whom'],
    ['memplane-prod-pg-a groups', 'memplane-prod-nodes', 'Postgres stands in another group'],
    ['memplane-prod-services metadata only with a token', false, 'metadata without a token'],
    ['memplane-prod-services disks', '/dev/xvda: not encrypted', 'disks in the clear'],
    ['eu-central-1 encrypted by default', false, 'new disks in the clear'],
    ['memplane-prod-operator policies', expect.stringContaining('extra'), 'the operator may more'],
    ['memplane-prod-deploy who becomes it: statements', '1', 'another may become the pipeline'],
    ['alias/memplane-prod-data statements', expect.stringContaining('Extra'), 'another may use the key'],
    [`memplane-prod-artifacts-${MOTO_ACCOUNT} access logged in`, undefined, 'reads are not written down'],
    [`memplane-prod-audit-${MOTO_ACCOUNT} ends`, expect.stringContaining('all after 1d'), 'records end'],
    ['aws_s3_account_public_access_block exists', false, 'buckets may be public'],
  ])('%s is %j: %s', (row, live) => {
    const [said, remedy] = found.get(row) ?? ['not seen', undefined];
    expect(said ?? undefined).toEqual(live);
    expect(remedy).toEqual(expect.stringContaining('npx cdktf deploy aws-prod-'));
    expect(code).toBe(1);
  });
});

async function changeNetwork(ec2: EC2Client): Promise<void> {
  const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({}));
  const vpc = SecurityGroups.find(({ GroupName }) => GroupName === 'memplane-prod-postgres')?.VpcId;
  const groupOf = (name: string) =>
    SecurityGroups.find(({ GroupName, VpcId }) => GroupName === name && VpcId === vpc)?.GroupId;
  const open = { IpProtocol: 'tcp', FromPort: 5432, ToPort: 5432, IpRanges: [{ CidrIp: '0.0.0.0/0' }] };
  const all = { IpProtocol: '-1', IpRanges: [{ CidrIp: '10.0.0.0/8' }] };
  for (const [name, one] of [
    ['memplane-prod-postgres', open],
    ['default', all],
  ] as const) {
    await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId: groupOf(name), IpPermissions: [one] }));
  }
  const named = (name: string) => ({ Filters: [{ Name: 'tag:Name', Values: [name] }] });
  const { RouteTables = [] } = await ec2.send(new DescribeRouteTablesCommand(named('memplane-prod-data')));
  const { InternetGateways = [] } = await ec2.send(new DescribeInternetGatewaysCommand({}));
  const RouteTableId = RouteTables[0]?.RouteTableId;
  const GatewayId = InternetGateways[0]?.InternetGatewayId;
  // The second leads to a private network, which the team that runs it may join: that is nobody's way out.
  for (const DestinationCidrBlock of ['0.0.0.0/0', '10.99.0.0/16']) {
    await ec2.send(new CreateRouteCommand({ RouteTableId, GatewayId, DestinationCidrBlock }));
  }
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand(named('memplane-prod-data-eu-central-1a')));
  const SubnetId = Subnets[0]?.SubnetId;
  await ec2.send(new ModifySubnetAttributeCommand({ SubnetId, MapPublicIpOnLaunch: { Value: true } }));
  const { VpcEndpoints = [] } = await ec2.send(new DescribeVpcEndpointsCommand({}));
  const VpcEndpointId = VpcEndpoints.find(({ ServiceName = '' }) => ServiceName.endsWith('.s3'))?.VpcEndpointId;
  const Statement = [{ Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' }];
  const PolicyDocument = JSON.stringify({ Version: '2008-10-17', Statement });
  await ec2.send(new ModifyVpcEndpointCommand({ VpcEndpointId, PolicyDocument }));
  const { FlowLogs = [] } = await ec2.send(new DescribeFlowLogsCommand({}));
  await ec2.send(new DeleteFlowLogsCommand({ FlowLogIds: FlowLogs.map(({ FlowLogId = '' }) => FlowLogId) }));
}

async function changeDatabase(ec2: EC2Client, rds: RDSClient): Promise<void> {
  const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({}));
  const open = SecurityGroups.find(({ GroupName }) => GroupName === 'memplane-prod-nodes')?.GroupId ?? '';
  const change = { DBInstanceIdentifier: 'memplane-prod-pg-a', VpcSecurityGroupIds: [open], ApplyImmediately: true };
  await rds.send(new ModifyDBInstanceCommand(change));
}

async function changeMachines(ec2: EC2Client): Promise<void> {
  const LaunchTemplateName = 'memplane-prod-services';
  const LaunchTemplateData = {
    MetadataOptions: { HttpTokens: 'optional' },
    BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { VolumeSize: 4 } }],
  } as const;
  const command = new CreateLaunchTemplateVersionCommand({
    LaunchTemplateName,
    LaunchTemplateData: { ...LaunchTemplateData, BlockDeviceMappings: [...LaunchTemplateData.BlockDeviceMappings] },
  });
  const { LaunchTemplateVersion: made } = await ec2.send(command);
  const DefaultVersion = String(made?.VersionNumber);
  await ec2.send(new ModifyLaunchTemplateCommand({ LaunchTemplateName, DefaultVersion }));
  await ec2.send(new DisableEbsEncryptionByDefaultCommand({}));
}

async function changeRights(iam: IAMClient, kms: KMSClient): Promise<void> {
  const policy = (Statement: readonly object[]): string => JSON.stringify({ Version: '2012-10-17', Statement });
  const PolicyDocument = policy([{ Effect: 'Allow', Action: 's3:*', Resource: '*' }]);
  await iam.send(new PutRolePolicyCommand({ RoleName: 'memplane-prod-operator', PolicyName: 'extra', PolicyDocument }));
  const anyone = policy([{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }]);
  await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: 'memplane-prod-deploy', PolicyDocument: anyone }));
  const { Aliases = [] } = await kms.send(new ListAliasesCommand({}));
  const KeyId = Aliases.find(({ AliasName }) => AliasName === 'alias/memplane-prod-data')?.TargetKeyId;
  const { Policy = '{}' } = await kms.send(new GetKeyPolicyCommand({ KeyId, PolicyName: 'default' }));
  const { Statement } = JSON.parse(Policy) as { readonly Statement: readonly object[] };
  const more = { Sid: 'Extra', Effect: 'Allow', Principal: { AWS: '*' }, Action: 'kms:Decrypt', Resource: '*' };
  await kms.send(new PutKeyPolicyCommand({ KeyId, PolicyName: 'default', Policy: policy([...Statement, more]) }));
}

async function changeBuckets(s3: S3Client, control: S3ControlClient): Promise<void> {
  const Bucket = `memplane-prod-artifacts-${MOTO_ACCOUNT}`;
  await s3.send(new PutBucketLoggingCommand({ Bucket, BucketLoggingStatus: {} }));
  const Rules = [{ ID: 'gone', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 1 } } as const];
  const audit = `memplane-prod-audit-${MOTO_ACCOUNT}`;
  await s3.send(new PutBucketLifecycleConfigurationCommand({ Bucket: audit, LifecycleConfiguration: { Rules } }));
  await control.send(new DeletePublicAccessBlockCommand({ AccountId: MOTO_ACCOUNT }));
}
