import {
  AttachRolePolicyCommand,
  CreateOpenIDConnectProviderCommand,
  CreateRoleCommand,
  IAMClient,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { PutPublicAccessBlockCommand, S3ControlClient } from '@aws-sdk/client-s3-control';
import { oneHost } from '../../operator/cli/infra/aws/account.js';
import type { AwsStand } from './aws-services.js';
import { attributesOf, referred } from './graph-attributes.js';
import type { Attributes } from './terraform-json.js';

/** Roles and what they may, issuers of identities and the bar to public buckets, with the SDK alone. */
export async function makeRoles(stand: AwsStand): Promise<void> {
  const iam = new IAMClient(stand.config({}));
  for (const [, one] of attributesOf(stand.stack, 'aws_iam_openid_connect_provider')) await makeIssuer(iam, one);
  for (const [, one] of attributesOf(stand.stack, 'aws_iam_role')) {
    await iam.send(
      new CreateRoleCommand({
        RoleName: String(one.name),
        Path: String(one.path ?? '/'),
        AssumeRolePolicyDocument: stand.filled(one.assume_role_policy),
        MaxSessionDuration: Number(one.max_session_duration ?? 3600),
      }),
    );
  }
  const roleOf = ({ role }: Attributes): string => String(referred(stand.stack, role).name);
  for (const [, one] of attributesOf(stand.stack, 'aws_iam_role_policy')) {
    const PolicyDocument = stand.filled(one.policy);
    await iam.send(new PutRolePolicyCommand({ RoleName: roleOf(one), PolicyName: String(one.name), PolicyDocument }));
  }
  for (const [, one] of attributesOf(stand.stack, 'aws_iam_role_policy_attachment')) {
    await iam.send(new AttachRolePolicyCommand({ RoleName: roleOf(one), PolicyArn: String(one.policy_arn) }));
  }
  for (const [, one] of attributesOf(stand.stack, 'aws_s3_account_public_access_block')) await closeAccount(stand, one);
}

export const ISSUER = 'oidc.eks.eu-central-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF';

async function makeIssuer(iam: IAMClient, one: Attributes): Promise<void> {
  const Url = String(one.url).startsWith('$') ? `https://${ISSUER}` : String(one.url);
  await iam.send(
    new CreateOpenIDConnectProviderCommand({ Url, ClientIDList: [...(one.client_id_list as readonly string[])] }),
  );
}

async function closeAccount({ config }: AwsStand, one: Attributes): Promise<void> {
  const all = { BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true };
  await new S3ControlClient({ ...config(one), ...oneHost(config(one)) }).send(
    new PutPublicAccessBlockCommand({ AccountId: String(one.account_id), PublicAccessBlockConfiguration: all }),
  );
}
