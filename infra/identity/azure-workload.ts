import { FederatedIdentityCredential } from '@cdktf/provider-azurerm/lib/federated-identity-credential/index.js';
import { UserAssignedIdentity } from '@cdktf/provider-azurerm/lib/user-assigned-identity/index.js';
import type { Construct } from 'constructs';
import type { ClusterOutput } from '../cluster/contract.js';
import type { AzureSite } from '../support/site.js';
import { buildTags, type Tags } from '../support/tags.js';

export interface WorkloadConfig {
  readonly site: AzureSite;
  /** Of the plane; the identity's is made of it and the account. */
  readonly name: string;
  readonly tags: Tags;
  readonly cluster: Pick<ClusterOutput, 'issuer'>;
  readonly namespace: string;
  readonly account: string;
}

/** The identity of one service account, without a right yet. */
export function buildWorkloadIdentity(
  unit: Construct,
  ids: { readonly identity: string; readonly credential: string },
  { site, name, tags, cluster, namespace, account }: WorkloadConfig,
): UserAssignedIdentity {
  const identity = new UserAssignedIdentity(unit, ids.identity, {
    name: `${name}-${account}`,
    resourceGroupName: site.resourceGroup,
    location: site.region,
    tags: buildTags('azure', tags, 'identity'),
  });
  // The subject exactly: Entra takes no wildcard here, and none is wanted.
  new FederatedIdentityCredential(unit, ids.credential, {
    name: account,
    resourceGroupName: site.resourceGroup,
    parentId: identity.id,
    audience: ['api://AzureADTokenExchange'],
    issuer: cluster.issuer,
    subject: `system:serviceaccount:${namespace}:${account}`,
  });
  return identity;
}
