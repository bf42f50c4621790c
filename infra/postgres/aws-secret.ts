import { SecretsmanagerSecret } from '@cdktf/provider-aws/lib/secretsmanager-secret/index.js';
import { SecretsmanagerSecretPolicy } from '@cdktf/provider-aws/lib/secretsmanager-secret-policy/index.js';
import { SecretsmanagerSecretVersion } from '@cdktf/provider-aws/lib/secretsmanager-secret-version/index.js';
import type { Construct } from 'constructs';
import { GUARDED } from '../support/guard.js';
import { checkName } from '../support/naming.js';
import { type AwsSite, providerOf } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import type { ResolvedPostgres } from './contract.js';

type AwsPostgres = ResolvedPostgres<AwsSite>;

export function buildAdminSecret(unit: Construct, config: AwsPostgres, secretStringWo: string): SecretsmanagerSecret {
  const { site, tags, key, secondRegion } = config;
  const secret = new SecretsmanagerSecret(unit, 'secret', {
    ...providerOf(site),
    name: checkName('aws', 'secret', config.secretName),
    description: `Administrator of ${config.name}, for the operator`,
    kmsKeyId: key.id,
    recoveryWindowInDays: 30,
    ...(secondRegion === undefined
      ? {}
      : { replica: [{ region: secondRegion.region, kmsKeyId: secondRegion.key.id }] }),
    tags: buildTags('aws', tags, 'data'),
    lifecycle: GUARDED,
  });
  new SecretsmanagerSecretVersion(unit, 'secret_version', {
    ...providerOf(site),
    secretId: secret.id,
    secretStringWo,
    secretStringWoVersion: config.adminPasswordVersion,
  });
  new SecretsmanagerSecretPolicy(unit, 'secret_policy', {
    ...providerOf(site),
    secretArn: secret.arn,
    blockPublicPolicy: true,
    policy: buildSecretPolicy(site),
  });
  return secret;
}

/** `deploy` writes it, and Terraform reads back what it wrote; External Secrets carries it to the operator. */
export function buildSecretPolicy({ principals }: AwsSite): string {
  const deny = (Sid: string, Action: string | readonly string[], Condition: object) => ({
    Sid,
    Effect: 'Deny',
    Principal: '*',
    Action,
    Resource: '*',
    Condition,
  });
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      deny('OnlyCourierReads', ['secretsmanager:GetSecretValue', 'secretsmanager:BatchGetSecretValue'], {
        ArnNotEquals: { 'aws:PrincipalArn': [principals.externalSecrets, principals.deploy, principals.breakGlass] },
      }),
      deny('OnlyDeployWrites', ['secretsmanager:PutSecretValue', 'secretsmanager:DeleteSecret'], {
        ArnNotEquals: { 'aws:PrincipalArn': principals.deploy },
      }),
      deny('TlsOnly', 'secretsmanager:*', { Bool: { 'aws:SecureTransport': 'false' } }),
    ],
  });
}
