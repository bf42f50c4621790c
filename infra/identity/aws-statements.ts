import type { AwsSite } from '../support/site.js';
import type { ResolvedIdentity } from './contract.js';

export type AwsIdentity = ResolvedIdentity<AwsSite>;
export type Statement = Readonly<Record<string, unknown>>;
export type Condition = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

/**
 * The namespace of the asking pod: EKS sets this tag on the session from the pod itself, so no pod names another's.
 * With two dollars, because Terraform would evaluate one; IAM sees one.
 */
export const NAMESPACE = '$${aws:PrincipalTag/kubernetes-namespace}';

type Actions = string | readonly string[];

const statement =
  (Effect: 'Allow' | 'Deny') =>
  (Sid: string, Action: Actions, Resource: Actions, condition?: Condition): Statement => ({
    Sid,
    Effect,
    Action,
    Resource,
    ...(condition === undefined ? {} : { Condition: condition }),
  });

export const allow = statement('Allow');
export const deny = statement('Deny');

export const document = (Statement: readonly Statement[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement });

/** Ids of keys are random, so permissions speak of every key of both regions and narrow it by alias. */
export const everyKey = ({ site, replicaRegion }: AwsIdentity): readonly string[] =>
  [site.region, replicaRegion].map((region) => `arn:${site.partition}:kms:${region}:${site.accountId}:key/*`);

export const byAlias = (...aliases: readonly string[]): Condition => ({
  'ForAnyValue:StringEquals': { 'kms:ResourceAliases': aliases.length === 1 ? (aliases[0] ?? '') : aliases },
});

/** A bucket's key is used by S3 on behalf of whoever may use the object, and by nobody alone. */
export const throughS3 = (Sid: string, config: AwsIdentity, alias: string): Statement =>
  allow(Sid, ['kms:Decrypt', 'kms:GenerateDataKey'], everyKey(config), {
    ...byAlias(alias),
    StringLike: { 'kms:ViaService': 's3.*.amazonaws.com' },
  });

export const objectsThroughS3 = ({ site, keys }: AwsIdentity): Statement =>
  allow('ObjectsKeyThroughS3', ['kms:Decrypt', 'kms:GenerateDataKey'], keys.objects.grantOn, {
    StringEquals: { 'kms:ViaService': `s3.${site.region}.amazonaws.com` },
  });
