import { IamRole } from '@cdktf/provider-aws/lib/iam-role/index.js';
import type { Construct } from 'constructs';
import type { ClusterOutput } from '../cluster/contract.js';
import { buildName } from '../support/naming.js';
import { type AwsSite, providerOf } from '../support/site.js';
import { buildTags, type Tags } from '../support/tags.js';
import { buildIrsaTrust } from './aws-trust.js';

export interface AccountRoleConfig {
  readonly site: AwsSite;
  /** Of the plane; the role's is made of it and the account. */
  readonly name: string;
  readonly tags: Tags;
  readonly cluster: Pick<ClusterOutput, 'federation' | 'issuerHost'>;
  readonly namespace: string;
  readonly account: string;
  /** @default which account it is for */
  readonly description?: string;
}

/** The role of one service account, without a right yet. The ARN is written and not asked for: a reviewer reads what will be. */
export function buildAccountRole(
  unit: Construct,
  id: string,
  config: AccountRoleConfig,
): { readonly role: IamRole; readonly arn: string } {
  const { site, tags, cluster, namespace, account } = config;
  const name = buildName('aws', 'role', [config.name, account]);
  const role = new IamRole(unit, id, {
    ...providerOf(site),
    name,
    path: site.rolePath,
    description: config.description ?? `memplane: service account ${account}`,
    assumeRolePolicy: buildIrsaTrust(site, cluster, namespace, account),
    maxSessionDuration: 3600,
    tags: buildTags('aws', tags, 'identity'),
  });
  return { role, arn: `arn:${site.partition}:iam::${site.accountId}:role${site.rolePath}${name}` };
}
