import type { ClusterOutput } from '../cluster/contract.js';
import type { AwsSite } from '../support/site.js';
import { type AwsIdentity, document } from './aws-statements.js';
import { ACCOUNTS, TENANT_NAMESPACES, type TenantWorker } from './contract.js';

/** EKS vouches for namespace, service account and cluster; a role without these conditions would serve any of them. */
export function buildPodTrust({ site, cluster }: AwsIdentity, worker: TenantWorker): string {
  return document([
    {
      Sid: 'PodsOfTenants',
      Effect: 'Allow',
      Principal: { Service: 'pods.eks.amazonaws.com' },
      Action: ['sts:AssumeRole', 'sts:TagSession'],
      Condition: {
        StringEquals: {
          'aws:SourceAccount': site.accountId,
          'aws:RequestTag/kubernetes-service-account': ACCOUNTS[worker],
          'aws:RequestTag/eks-cluster-name': clusterName(cluster),
        },
        StringLike: { 'aws:RequestTag/kubernetes-namespace': TENANT_NAMESPACES },
        ArnEquals: { 'aws:SourceArn': cluster.id },
      },
    },
  ]);
}

/** From the ARN and not from the resource: what a reviewer reads is what will be. */
const clusterName = ({ id }: ClusterOutput): string => id.slice(id.indexOf('/') + 1);

/** One service account of one namespace, and tokens that were made for AWS. */
export function buildIrsaTrust(
  { partition }: Pick<AwsSite, 'partition'>,
  cluster: Pick<ClusterOutput, 'federation' | 'issuerHost'>,
  namespace: string,
  account: string,
): string {
  return document([
    {
      Sid: 'OneServiceAccount',
      Effect: 'Allow',
      Principal: { Federated: cluster.federation },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: {
        StringEquals: {
          [`${cluster.issuerHost}:aud`]: partition === 'aws-cn' ? 'sts.amazonaws.com.cn' : 'sts.amazonaws.com',
          [`${cluster.issuerHost}:sub`]: `system:serviceaccount:${namespace}:${account}`,
        },
      },
    },
  ]);
}
