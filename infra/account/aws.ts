import { IamOpenidConnectProvider } from '@cdktf/provider-aws/lib/iam-openid-connect-provider/index.js';
import { IamRole } from '@cdktf/provider-aws/lib/iam-role/index.js';
import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy/index.js';
import { IamServiceLinkedRole } from '@cdktf/provider-aws/lib/iam-service-linked-role/index.js';
import type { Construct } from 'constructs';
import { checkName } from '../support/naming.js';
import { type AwsSite, providerOf } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import { buildDeployPolicy } from './aws-deploy-policy.js';
import { buildBreakGlassPolicy, buildCompliancePolicy, buildPeopleTrust, buildPipelineTrust } from './aws-policy.js';
import type { AccountConfig, AccountOutput, Pipeline } from './contract.js';

export type AwsAccount = AccountConfig<AwsSite>;

/** Amazon's own roles that key policies name, and a policy that names what is not there is refused. */
const SERVICES = [
  'autoscaling.amazonaws.com',
  'rds.amazonaws.com',
  'elasticache.amazonaws.com',
  'eks.amazonaws.com',
  'eks-nodegroup.amazonaws.com',
  'replication.ecr.amazonaws.com',
] as const;

export function buildAwsAccount(unit: Construct, config: AwsAccount): AccountOutput<AwsSite> {
  const { site, pipeline } = config;
  const services = SERVICES.map(
    (awsServiceName) =>
      new IamServiceLinkedRole(unit, `service_${awsServiceName.replace('.amazonaws.com', '').replace(/\W/g, '_')}`, {
        ...providerOf(site),
        awsServiceName,
      }),
  );
  const [deploy, ...roles] = pipeline === undefined ? [] : buildPrincipals(unit, config, pipeline);
  return {
    // A reference and not a name: a key whose policy names a role that is not there yet is refused.
    site: deploy === undefined ? site : { ...site, principals: { ...site.principals, deploy: deploy.arn } },
    deploy: site.principals.deploy,
    byHand: SERVICES.map(
      (service) => `if the account has it already: terraform import the service-linked role of ${service}`,
    ),
    ready: [...services, ...(deploy === undefined ? [] : [deploy]), ...roles],
  };
}

function buildPrincipals(unit: Construct, config: AwsAccount, pipeline: Pipeline): readonly IamRole[] {
  const { principals } = config.site;
  const deployTrust = buildPipelineTrust(buildIssuer(unit, config, pipeline.issuer).arn, pipeline);
  return [
    buildRole(unit, config, 'deploy', principals.deploy, deployTrust, buildDeployPolicy(config)),
    ...(['compliance', 'breakGlass'] as const)
      .filter((who) => config.people[who].length > 0)
      .map((who) =>
        buildRole(
          unit,
          config,
          who,
          principals[who],
          buildPeopleTrust(config.people[who]),
          who === 'compliance' ? buildCompliancePolicy(config) : buildBreakGlassPolicy(config),
        ),
      ),
  ];
}

/** Under the ARN that the spec already says, which everything else refers to. */
function buildRole(
  unit: Construct,
  { site, tags }: AwsAccount,
  id: string,
  arn: string,
  assumeRolePolicy: string,
  policy: string,
): IamRole {
  const [, path = '/', name = ''] = /:role(\/(?:.*\/)?)([^/]+)$/.exec(arn) ?? [];
  const plain = id.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const role = new IamRole(unit, plain, {
    ...providerOf(site),
    name: checkName('aws', 'role', name),
    path,
    assumeRolePolicy,
    maxSessionDuration: 3600,
    tags: buildTags('aws', tags, 'account'),
  });
  new IamRolePolicy(unit, `${plain}_permissions`, { ...providerOf(site), name: 'permissions', role: role.id, policy });
  return role;
}

/** The pipeline's own issuer; a role trusts one subject of it. */
const buildIssuer = (unit: Construct, { site, tags }: AwsAccount, url: string): IamOpenidConnectProvider =>
  new IamOpenidConnectProvider(unit, 'pipeline', {
    ...providerOf(site),
    url,
    clientIdList: ['sts.amazonaws.com'],
    tags: buildTags('aws', tags, 'account'),
  });
