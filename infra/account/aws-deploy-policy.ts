import type { AwsSite } from '../support/site.js';
import type { AccountConfig } from './contract.js';

type AwsAccount = AccountConfig<AwsSite>;

/**
 * What Terraform calls to keep what the stacks hold: settings, never contents. No object of a bucket but the states
 * and the evidence of releases, no value of a queue, no stop of the trail, no end of a key.
 */
const KEEPS: Readonly<Record<string, string>> = {
  aps: 'CreateLogging* CreateWorkspace DeleteLogging* Describe* List* Tag* UpdateLogging* UpdateWorkspace*',
  autoscaling: 'Describe*',
  'application-autoscaling': 'Deregister* Describe* Put* Register*',
  backup: 'Create* Describe* Get* List* Put* Tag* Update*',
  'backup-storage': 'MountCapsule',
  cloudtrail: 'AddTags Create* Describe* Get* List* Put* StartLogging Update*',
  cloudwatch: 'Delete* Describe* List* Put* Tag*',
  ec2: `Allocate* Associate* Attach* Authorize* Create* Delete* Describe* Detach* Disassociate* Enable* Get* Modify*
    Release* Replace* Revoke* RunInstances`,
  ecr: 'Create* Delete* Describe* Get* List* Put* Set* Start* Tag* Update*',
  ecs: 'Create* Delete* Deregister* Describe* List* Put* Register* Tag* Update*',
  eks: 'Associate* Create* Delete* Describe* Disassociate* List* Tag* Untag* Update*',
  elasticache: 'Add* Create* Decrease* Delete* Describe* Increase* List* Modify*',
  elasticloadbalancing: 'Add* Create* Delete* Describe* Modify* Set*',
  events: 'Delete* Describe* List* Put* Remove* Tag*',
  kms: `CreateAlias CreateKey Describe* Enable* Get* List* Put* ReplicateKey RotateKeyOnDemand TagResource UntagResource
    Update*`,
  logs: 'Associate* CreateLog* DeleteLog* DeleteRetention* Describe* List* Put* Tag*',
  rds: 'AddTagsToResource Create* Delete* Describe* List* Modify* StartDBInstanceAutomatedBackupsReplication',
  // Of zones, not of what stands in them.
  route53: 'ChangeTagsForResource CreateHostedZone Get* List* UpdateHostedZoneComment',
  s3: `CreateBucket DeleteBucketPolicy GetAccelerate* GetAccount* GetBucket* GetEncryption* GetLifecycle* GetReplication*
    ListBucket PutAccount* PutBucket* PutEncryption* PutLifecycle* PutReplication*`,
  secretsmanager: 'Create* DeleteSecret Describe* Get* List* Put* Replicate* TagResource Update*',
  sns: 'Create* Delete* Get* List* Set* Subscribe Tag* Unsubscribe',
  sqs: 'CreateQueue DeleteQueue GetQueue* List* SetQueueAttributes Tag*',
  tag: 'GetResources',
};

const ROLES = [
  'iam:AttachRolePolicy',
  'iam:CreateRole',
  'iam:DeleteRole',
  'iam:DeleteRolePolicy',
  'iam:DetachRolePolicy',
  'iam:PassRole',
  'iam:PutRolePolicy',
  'iam:TagRole',
  'iam:UntagRole',
  'iam:UpdateAssumeRolePolicy',
  'iam:UpdateRole',
];

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

const allow = (Sid: string, Action: unknown, Resource: unknown, Condition?: object) => ({
  Sid,
  Effect: 'Allow',
  Action,
  Resource,
  ...(Condition === undefined ? {} : { Condition }),
});

/**
 * It may still change what locks say of objects to come, and who uses a key: Terraform has to. Hence one pipeline, an
 * alarm on each of these, and Compliance, which binds it too. The roles of people and its own it cannot touch.
 */
export function buildDeployPolicy(account: AwsAccount): string {
  const { partition, accountId, rolePath, principals } = account.site;
  const iam = (what: string) => `arn:${partition}:iam::${accountId}:${what}`;
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      allow(
        'KeepsResources',
        Object.entries(KEEPS).flatMap(([service, verbs]) => words(verbs).map((verb) => `${service}:${verb}`)),
        '*',
      ),
      allow('LooksAround', ['iam:Get*', 'iam:List*', 'sts:GetCallerIdentity'], '*'),
      allow('KeepsRolesOfTheEnvironment', ROLES, iam(`role${rolePath}*`)),
      allow(
        'KeepsIssuers',
        ['iam:CreateOpenIDConnectProvider', 'iam:DeleteOpenIDConnectProvider'],
        iam('oidc-provider/*'),
      ),
      allow('KeepsAmazonsRoles', 'iam:CreateServiceLinkedRole', iam('role/aws-service-role/*')),
      ...usesKeys(account),
      {
        Sid: 'NeitherItselfNorItsJudges',
        Effect: 'Deny',
        Action: ROLES,
        Resource: [principals.deploy, principals.compliance, principals.breakGlass],
      },
    ],
  });
}

/** What a store, a secret, the state and evidence are made with; nothing here reads what a tenant wrote. */
function usesKeys({ site, state, stateKey, audit, auditKey }: AwsAccount): readonly object[] {
  const everyKey = `arn:${site.partition}:kms:*:${site.accountId}:key/*`;
  return [
    // A store is made by whoever may let it use its key, and the store alone may use it.
    allow('LetsStoresUseTheirKeys', 'kms:CreateGrant', everyKey, { Bool: { 'kms:GrantIsForAWSResource': 'true' } }),
    allow('GivesMetricsTheirKey', ['kms:Decrypt', 'kms:GenerateDataKey'], everyKey, {
      StringEquals: { 'kms:ViaService': `aps.${site.region}.amazonaws.com` },
    }),
    allow('WritesSecrets', ['kms:Decrypt', 'kms:GenerateDataKey'], everyKey, {
      StringEquals: { 'kms:ViaService': `secretsmanager.${site.region}.amazonaws.com` },
    }),
    allow('Remembers', ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'], `${state}/*`),
    allow('StateKeyThroughS3', ['kms:Decrypt', 'kms:GenerateDataKey'], everyKey, {
      StringEquals: { 'kms:ViaService': `s3.${site.region}.amazonaws.com` },
      'ForAnyValue:StringEquals': { 'kms:ResourceAliases': stateKey },
    }),
    // What synth proved of a release, beside the records and under their lock. It reads none of them back.
    allow('StoresEvidence', ['s3:PutObject', 's3:PutObjectRetention', 's3:GetObjectRetention'], `${audit}/evidence/*`),
    allow('AuditKeyThroughS3', 'kms:GenerateDataKey', everyKey, {
      StringEquals: { 'kms:ViaService': `s3.${site.region}.amazonaws.com` },
      'ForAnyValue:StringEquals': { 'kms:ResourceAliases': auditKey },
    }),
  ];
}
