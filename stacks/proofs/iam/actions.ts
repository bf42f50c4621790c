/**
 * Actions that AWS knows, of the services that our policies name. Neither `validate` nor `plan` notices a misspelt one:
 * an Allow grants nothing then, and a Deny denies nothing. A new action must be added here on purpose.
 */
const ACTIONS: Readonly<Record<string, string>> = {
  s3: `AbortMultipartUpload BypassGovernanceRetention CreateBucket DeleteBucket DeleteBucketPolicy DeleteObject
    DeleteObjectTagging DeleteObjectVersion DeleteObjectVersionTagging GetAccelerateConfiguration
    GetAccountPublicAccessBlock GetBucketAcl GetBucketLocation GetBucketLogging GetBucketNotification
    GetBucketObjectLockConfiguration GetBucketOwnershipControls GetBucketPolicy GetBucketPolicyStatus
    GetBucketPublicAccessBlock GetBucketTagging GetBucketVersioning GetEncryptionConfiguration
    GetLifecycleConfiguration GetObject GetObjectAcl GetObjectAttributes GetObjectLegalHold GetObjectRetention
    GetObjectTagging GetObjectVersion GetObjectVersionAcl GetObjectVersionAttributes GetObjectVersionForReplication
    GetObjectVersionTagging GetReplicationConfiguration InitiateReplication ListAllMyBuckets ListBucket
    ListBucketMultipartUploads ListBucketVersions ListMultipartUploadParts ObjectOwnerOverrideToBucketOwner
    PutAccountPublicAccessBlock PutBucketAcl PutBucketLogging PutBucketNotification
    PutBucketObjectLockConfiguration PutBucketOwnershipControls PutBucketPolicy PutBucketPublicAccessBlock
    PutBucketTagging PutBucketVersioning PutEncryptionConfiguration PutLifecycleConfiguration PutObject
    PutObjectAcl PutObjectLegalHold PutObjectRetention PutObjectTagging PutObjectVersionAcl PutObjectVersionTagging
    PutReplicationConfiguration ReplicateDelete ReplicateObject ReplicateTags RestoreObject`,
  kms: `CancelKeyDeletion CreateAlias CreateGrant CreateKey Decrypt DeleteAlias DeleteImportedKeyMaterial DeriveSharedSecret
    DescribeKey DisableKey DisableKeyRotation EnableKey EnableKeyRotation Encrypt GenerateDataKey GenerateDataKeyPair
    GenerateDataKeyPairWithoutPlaintext GenerateDataKeyWithoutPlaintext GenerateMac GenerateRandom GetKeyPolicy
    GetKeyRotationStatus GetParametersForImport GetPublicKey ImportKeyMaterial ListAliases ListGrants ListKeyPolicies
    ListKeyRotations ListKeys ListResourceTags ListRetirableGrants PutKeyPolicy ReEncryptFrom ReEncryptTo ReplicateKey
    RetireGrant RevokeGrant RotateKeyOnDemand ScheduleKeyDeletion Sign TagResource UntagResource UpdateAlias
    UpdateKeyDescription UpdatePrimaryRegion Verify VerifyMac`,
  sqs: `ChangeMessageVisibility CreateQueue DeleteMessage DeleteQueue GetQueueAttributes GetQueueUrl ListQueues PurgeQueue
    ReceiveMessage SendMessage SetQueueAttributes TagQueue`,
  sns: `CreateTopic DeleteTopic GetTopicAttributes ListTopics Publish SetTopicAttributes Subscribe TagResource
    Unsubscribe`,
  sts: 'AssumeRole AssumeRoleWithWebIdentity GetCallerIdentity GetServiceBearerToken SetSourceIdentity TagSession',
  logs: `AssociateKmsKey CreateLogDelivery CreateLogGroup CreateLogStream DeleteLogGroup DeleteRetentionPolicy
    DescribeLogGroups DescribeLogStreams FilterLogEvents GetLogEvents GetQueryResults ListTagsForResource
    PutLogEvents PutResourcePolicy PutRetentionPolicy StartQuery TagResource`,
  secretsmanager: `BatchGetSecretValue CreateSecret DeleteSecret DescribeSecret GetRandomPassword GetResourcePolicy
    GetSecretValue ListSecretVersionIds ListSecrets PutResourcePolicy PutSecretValue ReplicateSecretToRegions
    RestoreSecret RotateSecret TagResource UpdateSecret UpdateSecretVersionStage`,
  iam: `AttachRolePolicy CreateOpenIDConnectProvider CreatePolicy CreateRole CreateServiceLinkedRole
    DeleteOpenIDConnectProvider DeleteRole DeleteRolePermissionsBoundary DeleteRolePolicy DetachRolePolicy
    GetOpenIDConnectProvider GetPolicy GetPolicyVersion GetRole GetRolePolicy ListAttachedRolePolicies
    ListRolePolicies ListRoles PassRole PutRolePermissionsBoundary PutRolePolicy SimulatePrincipalPolicy TagRole
    UntagRole UpdateAssumeRolePolicy UpdateRole`,
  eks: `AssociateAccessPolicy CreatePodIdentityAssociation DeletePodIdentityAssociation DescribeAddon
    DescribeCluster DescribeNodegroup DescribePodIdentityAssociation DisassociateAccessPolicy ListAddons
    ListClusters ListNodegroups ListPodIdentityAssociations TagResource UntagResource UpdatePodIdentityAssociation`,
  'eks-auth': 'AssumeRoleForPodIdentity',
  ecr: `BatchCheckLayerAvailability BatchGetImage BatchImportUpstreamImage CompleteLayerUpload
    CreatePullThroughCacheRule CreateRepository CreateRepositoryCreationTemplate DeletePullThroughCacheRule
    DeleteRepository DeleteRepositoryCreationTemplate DescribeImages DescribePullThroughCacheRules
    DescribeRepositories DescribeRepositoryCreationTemplates GetAuthorizationToken GetDownloadUrlForLayer
    InitiateLayerUpload ListImages PutImage ReplicateImage SetRepositoryPolicy StartImageScan TagResource
    UpdatePullThroughCacheRule UpdateRepositoryCreationTemplate UploadLayerPart`,
  ec2: `AllocateAddress AssociateRouteTable AttachVolume AuthorizeSecurityGroupIngress CreateNetworkInterface
    CreateSnapshot CreateTags CreateVolume DeleteNetworkInterface DeleteSnapshot DeleteVolume
    DescribeAvailabilityZones DescribeInstances DescribeNetworkInterfaces DescribeSecurityGroups DescribeSnapshots
    DescribeSubnets DescribeTags DescribeVolumes DescribeVolumesModifications DescribeVpcs DetachVolume
    DisassociateRouteTable EnableFastSnapshotRestores GetLaunchTemplateData ModifyVolume ReleaseAddress
    ReplaceRoute RevokeSecurityGroupIngress RunInstances`,
  rds: `AddTagsToResource CreateDBInstance DeleteDBInstance DescribeDBClusters DescribeDBInstanceAutomatedBackups
    DescribeDBInstances DescribeDBSnapshots ListTagsForResource ModifyDBInstance RestoreDBInstanceFromDBSnapshot
    RestoreDBInstanceToPointInTime StartDBInstanceAutomatedBackupsReplication`,
  'rds-db': 'connect',
  elasticache: `AddTagsToResource Connect CreateReplicationGroup DecreaseReplicaCount DeleteReplicationGroup
    DescribeCacheClusters DescribeReplicationGroups DescribeUsers IncreaseReplicaCount ListTagsForResource
    ModifyReplicationGroup`,
  cloudwatch: `DeleteAlarms DescribeAlarms GetMetricData GetMetricStatistics ListMetrics PutMetricAlarm
    PutMetricData TagResource`,
  cloudtrail: `AddTags CreateTrail DeleteTrail DescribeTrails GetTrailStatus ListTags LookupEvents
    PutEventSelectors StartLogging StopLogging UpdateTrail`,
  events: 'DeleteRule DescribeRule ListTargetsByRule PutEvents PutRule PutTargets RemoveTargets TagResource',
  backup: `CopyIntoBackupVault CreateBackupPlan CreateBackupSelection CreateBackupVault DeleteBackupVault
    DeleteRecoveryPoint DescribeBackupVault GetBackupPlan ListBackupPlans PutBackupVaultLockConfiguration
    StartBackupJob StartRestoreJob TagResource UpdateRecoveryPointLifecycle`,
  tag: 'GetResources',
  aps: `CreateLoggingConfiguration CreateWorkspace DeleteLoggingConfiguration DeleteWorkspace
    DescribeLoggingConfiguration DescribeWorkspace DescribeWorkspaceConfiguration GetLabels GetMetricMetadata
    GetSeries ListTagsForResource ListWorkspaces QueryMetrics RemoteWrite TagResource UpdateLoggingConfiguration
    UpdateWorkspaceAlias UpdateWorkspaceConfiguration`,
  route53: `ChangeResourceRecordSets ChangeTagsForResource CreateHostedZone DeleteHostedZone GetChange GetDNSSEC
    GetHostedZone ListHostedZones ListHostedZonesByName ListResourceRecordSets ListTagsForResource
    UpdateHostedZoneComment`,
  ssm: 'GetParameter GetParameters',
  autoscaling: 'DescribeAutoScalingGroups SetDesiredCapacity TerminateInstanceInAutoScalingGroup',
  'backup-storage': 'MountCapsule',
  ecs: `CreateService DeleteService DeregisterTaskDefinition DescribeServices ListClusters
    PutClusterCapacityProviders RegisterTaskDefinition TagResource UpdateService`,
  elasticloadbalancing: `AddTags CreateLoadBalancer DeleteLoadBalancer DescribeLoadBalancers
    ModifyLoadBalancerAttributes SetSecurityGroups`,
  'application-autoscaling': 'DeregisterScalableTarget DescribeScalableTargets PutScalingPolicy RegisterScalableTarget',
  ssmmessages: 'CreateControlChannel CreateDataChannel OpenControlChannel OpenDataChannel',
};

const KNOWN: ReadonlySet<string> = new Set(
  Object.entries(ACTIONS).flatMap(([service, names]) =>
    names
      .trim()
      .split(/\s+/)
      .map((name) => `${service}:${name}`.toLowerCase()),
  ),
);

/** `s3:*` and `kms:Describe*` stand for what they match; one that matches nothing is a misspelling. */
export function isAction(pattern: string): boolean {
  if (pattern === '*') return true;
  const lower = pattern.toLowerCase();
  if (!/[*?]/.test(lower)) return KNOWN.has(lower);
  const matcher = wildcard(lower);
  return [...KNOWN].some((one) => matcher.test(one));
}

/** The same few hundred patterns are asked about by every row of the table. */
const MATCHERS = new Map<string, RegExp>();

/** `*` is anything, `?` is one character: as policies write them. */
export function wildcard(pattern: string): RegExp {
  const known = MATCHERS.get(pattern);
  if (known !== undefined) return known;
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  const matcher = new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
  MATCHERS.set(pattern, matcher);
  return matcher;
}
