import {
  type AwsIdentity,
  allow,
  byAlias,
  deny,
  document,
  everyKey,
  type Statement,
  throughS3,
} from './aws-statements.js';

const both = (arn: string): readonly string[] => [arn, `${arn}/*`];

/** Makes, moves and ends tenants, and reads nothing of theirs: it gets keys only as ciphertext. */
export function buildOperatorPolicy(config: AwsIdentity, tenantRoles: readonly string[]): string {
  const { buckets, keys } = config;
  return document([
    ...rewraps(config),
    allow(
      'Keyrings',
      ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:ListBucket'],
      [...both(buckets.keys.grantOn), ...both(buckets.keysReplica.grantOn)],
    ),
    throughS3('KeyringsKeyThroughS3', config, keys.keys.grantOn),
    allow(
      'EndsTenants',
      ['s3:DeleteObject', 's3:DeleteObjectVersion', 's3:ListBucket', 's3:ListBucketVersions'],
      [...both(buckets.artifacts.grantOn), ...both(buckets.backups.grantOn)],
    ),
    ...(tenantRoles.length === 0 ? [] : bindsTenants(config, tenantRoles)),
  ]);
}

function rewraps(config: AwsIdentity): readonly Statement[] {
  const { keys } = config;
  return [
    allow('BirthOfKeks', 'kms:GenerateDataKeyWithoutPlaintext', everyKey(config), {
      ...byAlias(keys.tenant.grantOn),
      StringEquals: { 'kms:EncryptionContext:memplane': 'kek/1' },
      StringLike: { 'kms:EncryptionContext:namespace': 'mem-*' },
    }),
    allow('RewrapsOnSameKey', ['kms:ReEncryptFrom', 'kms:ReEncryptTo'], everyKey(config), {
      ...byAlias(keys.tenant.grantOn),
      Bool: { 'kms:ReEncryptOnSameKey': 'true' },
    }),
    deny(
      'NeverPlaintext',
      ['kms:Decrypt', 'kms:GenerateDataKey', 'kms:GenerateDataKeyPair', 'kms:CreateGrant'],
      '*',
      byAlias(keys.tenant.grantOn, keys.audit.grantOn),
    ),
  ];
}

/** It may give tenants' pods these roles and no other, to EKS and to nobody else. */
function bindsTenants({ cluster }: AwsIdentity, tenantRoles: readonly string[]): readonly Statement[] {
  const associations = cluster.id.replace(':cluster/', ':podidentityassociation/');
  return [
    allow('BindsTenants', ['eks:CreatePodIdentityAssociation', 'eks:ListPodIdentityAssociations'], cluster.id),
    allow(
      'KeepsBindings',
      ['eks:DescribePodIdentityAssociation', 'eks:UpdatePodIdentityAssociation', 'eks:DeletePodIdentityAssociation'],
      `${associations}/*`,
    ),
    allow('PassesTheirRoles', ['iam:PassRole', 'iam:GetRole'], tenantRoles, {
      StringEqualsIfExists: { 'iam:PassedToService': 'pods.eks.amazonaws.com' },
    }),
  ];
}

/** Signs the head of each tenant's chain and puts it where nobody shortens it. */
export function buildWitnessPolicy(config: AwsIdentity): string {
  const { buckets, keys } = config;
  const anchor = byAlias(keys.anchor.grantOn);
  return document([
    allow('Anchors', ['s3:PutObject', 's3:PutObjectRetention'], `${buckets.audit.grantOn}/anchor/*`),
    allow('ReadsRecords', ['s3:GetObject*', 's3:ListBucket'], both(buckets.audit.grantOn)),
    allow('Signs', 'kms:Sign', everyKey(config), {
      ...anchor,
      StringEquals: { 'kms:SigningAlgorithm': 'ECDSA_SHA_256', 'kms:MessageType': 'DIGEST' },
    }),
    allow('ShowsItsKey', 'kms:GetPublicKey', everyKey(config), anchor),
    throughS3('AuditKeyThroughS3', config, keys.audit.grantOn),
  ]);
}

/** Carries administrators' secrets to the operator; it knows their names and no other's. */
export function buildSecretsPolicy({ site, secrets, keys }: AwsIdentity): string {
  const named = `arn:${site.partition}:secretsmanager:${site.region}:${site.accountId}:secret:${secrets.store}*`;
  return document([
    allow('AdministratorsOfStores', ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'], named),
    allow('TheirKey', 'kms:Decrypt', keys.data.grantOn, {
      StringEquals: { 'kms:ViaService': `secretsmanager.${site.region}.amazonaws.com` },
    }),
  ]);
}
