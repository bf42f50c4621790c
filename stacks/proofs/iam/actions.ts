/**
 * Actions that AWS knows, of the services that our policies name. Neither `validate` nor `plan` notices a misspelt one:
 * an Allow grants nothing then, and a Deny denies nothing. A new action must be added here on purpose.
 */
const ACTIONS: Readonly<Record<string, string>> = {
  s3: `AbortMultipartUpload BypassGovernanceRetention CreateBucket DeleteBucket DeleteBucketPolicy DeleteObject
    DeleteObjectTagging DeleteObjectVersion DeleteObjectVersionTagging GetAccelerateConfiguration
    GetBucketAcl GetBucketLocation GetBucketLogging GetBucketNotification GetBucketObjectLockConfiguration
    GetBucketOwnershipControls GetBucketPolicy GetBucketPolicyStatus GetBucketPublicAccessBlock GetBucketTagging
    GetBucketVersioning GetEncryptionConfiguration GetLifecycleConfiguration GetObject GetObjectAcl
    GetObjectAttributes GetObjectLegalHold GetObjectRetention GetObjectTagging GetObjectVersion GetObjectVersionAcl
    GetObjectVersionAttributes GetObjectVersionForReplication GetObjectVersionTagging GetReplicationConfiguration
    InitiateReplication ListAllMyBuckets ListBucket ListBucketMultipartUploads ListBucketVersions
    ListMultipartUploadParts ObjectOwnerOverrideToBucketOwner PutBucketAcl PutBucketLogging PutBucketNotification
    PutBucketObjectLockConfiguration PutBucketOwnershipControls PutBucketPolicy PutBucketPublicAccessBlock
    PutBucketTagging PutBucketVersioning PutEncryptionConfiguration PutLifecycleConfiguration PutObject PutObjectAcl
    PutObjectLegalHold PutObjectRetention PutObjectTagging PutObjectVersionAcl PutObjectVersionTagging
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
  sns: 'CreateTopic DeleteTopic GetTopicAttributes Publish SetTopicAttributes Subscribe Unsubscribe',
  sts: 'AssumeRole AssumeRoleWithWebIdentity GetCallerIdentity GetServiceBearerToken SetSourceIdentity TagSession',
  logs: `AssociateKmsKey CreateLogDelivery CreateLogGroup CreateLogStream DeleteLogGroup DescribeLogGroups
    DescribeLogStreams FilterLogEvents GetLogEvents GetQueryResults PutLogEvents PutResourcePolicy PutRetentionPolicy
    StartQuery`,
  secretsmanager: `BatchGetSecretValue CreateSecret DeleteSecret DescribeSecret GetRandomPassword GetResourcePolicy
    GetSecretValue ListSecretVersionIds ListSecrets PutResourcePolicy PutSecretValue RestoreSecret RotateSecret
    TagResource UpdateSecret UpdateSecretVersionStage`,
  iam: `AttachRolePolicy CreateOpenIDConnectProvider CreatePolicy CreateRole CreateServiceLinkedRole DeleteRole
    DeleteRolePermissionsBoundary DeleteRolePolicy DetachRolePolicy GetOpenIDConnectProvider GetPolicy GetPolicyVersion
    GetRole GetRolePolicy ListAttachedRolePolicies ListRolePolicies ListRoles PassRole PutRolePermissionsBoundary
    PutRolePolicy SimulatePrincipalPolicy TagRole UntagRole UpdateAssumeRolePolicy UpdateRole`,
  eks: `AssociateAccessPolicy CreatePodIdentityAssociation DeletePodIdentityAssociation DescribeAddon DescribeCluster
    DescribeNodegroup DescribePodIdentityAssociation ListAddons ListClusters ListNodegroups ListPodIdentityAssociations
    TagResource UntagResource UpdatePodIdentityAssociation`,
  'eks-auth': 'AssumeRoleForPodIdentity',
  ecr: `BatchCheckLayerAvailability BatchGetImage BatchImportUpstreamImage CompleteLayerUpload CreateRepository
    DescribeImages DescribeRepositories GetAuthorizationToken GetDownloadUrlForLayer InitiateLayerUpload ListImages
    PutImage ReplicateImage UploadLayerPart`,
  ec2: `AttachVolume CreateNetworkInterface CreateSnapshot CreateTags CreateVolume DeleteNetworkInterface DeleteSnapshot
    DeleteVolume DescribeAvailabilityZones DescribeInstances DescribeNetworkInterfaces DescribeSecurityGroups
    DescribeSnapshots DescribeSubnets DescribeTags DescribeVolumes DescribeVolumesModifications DescribeVpcs DetachVolume
    EnableFastSnapshotRestores ModifyVolume`,
  rds: `AddTagsToResource DescribeDBClusters DescribeDBInstanceAutomatedBackups DescribeDBInstances DescribeDBSnapshots
    ListTagsForResource ModifyDBInstance RestoreDBInstanceFromDBSnapshot RestoreDBInstanceToPointInTime`,
  'rds-db': 'connect',
  elasticache: 'Connect DescribeCacheClusters DescribeReplicationGroups DescribeUsers',
  cloudwatch: 'DescribeAlarms GetMetricData GetMetricStatistics ListMetrics PutMetricAlarm PutMetricData',
  cloudtrail: 'DescribeTrails GetTrailStatus LookupEvents StopLogging UpdateTrail DeleteTrail',
  events: 'PutEvents PutRule PutTargets',
  backup: `CopyIntoBackupVault DeleteBackupVault DeleteRecoveryPoint DescribeBackupVault StartBackupJob StartRestoreJob
    UpdateRecoveryPointLifecycle`,
  tag: 'GetResources',
  aps: 'GetLabels GetMetricMetadata GetSeries QueryMetrics RemoteWrite',
  route53: `ChangeResourceRecordSets GetChange GetHostedZone ListHostedZones ListHostedZonesByName
    ListResourceRecordSets`,
  ssm: 'GetParameter GetParameters',
  autoscaling: 'DescribeAutoScalingGroups SetDesiredCapacity TerminateInstanceInAutoScalingGroup',
  'backup-storage': 'MountCapsule',
  ecs: 'CreateService DescribeServices RegisterTaskDefinition UpdateService',
  elasticloadbalancing: 'CreateLoadBalancer DescribeLoadBalancers ModifyLoadBalancerAttributes',
  'application-autoscaling': 'PutScalingPolicy RegisterScalableTarget',
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

/** `*` is anything, `?` is one character: as policies write them. */
export function wildcard(pattern: string): RegExp {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
}
