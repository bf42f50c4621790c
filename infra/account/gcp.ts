import { IamWorkloadIdentityPool } from '@cdktf/provider-google/lib/iam-workload-identity-pool/index.js';
import { IamWorkloadIdentityPoolProvider } from '@cdktf/provider-google/lib/iam-workload-identity-pool-provider/index.js';
import { OrgPolicyPolicy } from '@cdktf/provider-google/lib/org-policy-policy/index.js';
import { ProjectDefaultServiceAccounts } from '@cdktf/provider-google/lib/project-default-service-accounts/index.js';
import { ProjectIamMember } from '@cdktf/provider-google/lib/project-iam-member/index.js';
import { ProjectService } from '@cdktf/provider-google/lib/project-service/index.js';
import { ServiceAccount } from '@cdktf/provider-google/lib/service-account/index.js';
import { ServiceAccountIamMember } from '@cdktf/provider-google/lib/service-account-iam-member/index.js';
import type { Construct } from 'constructs';
import { groupsOf } from '../support/agents.js';
import type { GcpSite } from '../support/site.js';
import type { AccountConfig, AccountOutput, Pipeline } from './contract.js';

type GcpAccount = AccountConfig<GcpSite>;

/** The APIs behind every unit. Enabled for good: switching one off would break what uses it. */
const SERVICES = [
  'storage',
  'compute',
  'container',
  'sqladmin',
  'memorystore',
  'secretmanager',
  'pubsub',
  'artifactregistry',
  'servicenetworking',
  'networkconnectivity',
  'dns',
  'logging',
  'monitoring',
  'storagetransfer',
  'binaryauthorization',
  'iam',
  'iamcredentials',
  'sts',
  'orgpolicy',
  'cloudresourcemanager',
] as const;

/** What the pipeline needs to apply the three stacks; denials and rules of the organisation want more than a project gives. */
const DEPLOY_ROLES = [
  'roles/artifactregistry.admin',
  'roles/binaryauthorization.policyEditor',
  'roles/cloudkms.admin',
  'roles/cloudsql.admin',
  'roles/compute.networkAdmin',
  'roles/compute.securityAdmin',
  'roles/container.admin',
  'roles/dns.admin',
  'roles/iam.roleAdmin',
  'roles/iam.serviceAccountAdmin',
  'roles/iam.serviceAccountUser',
  'roles/logging.admin',
  'roles/memorystore.admin',
  'roles/monitoring.admin',
  'roles/networkconnectivity.serviceConnectionPolicyAdmin',
  'roles/pubsub.admin',
  'roles/resourcemanager.projectIamAdmin',
  'roles/secretmanager.admin',
  'roles/servicenetworking.networksAdmin',
  'roles/serviceusage.serviceUsageConsumer',
  'roles/storage.admin',
  'roles/storagetransfer.admin',
] as const;

/** Identities of Google's that a new project lacks, and that no resource of this provider makes. */
const AGENTS = ['sqladmin', 'memorystore', 'secretmanager', 'artifactregistry', 'pubsub', 'logging', 'storagetransfer'];

export function buildGcpAccount(unit: Construct, config: GcpAccount): AccountOutput<GcpSite> {
  const { site, pipeline } = config;
  const project = site.projectId;
  const services = SERVICES.map((service) => enable(unit, project, service));
  // The last one waits for all the others, so that waiting for it is enough.
  const last = enable(unit, project, 'cloudkms', services);
  // Google gives both the editor's role, and every machine without an account of its own one of them.
  new ProjectDefaultServiceAccounts(unit, 'default_accounts', {
    project,
    action: 'DEPRIVILEGE',
    dependsOn: [last],
  });
  new OrgPolicyPolicy(unit, 'no_account_keys', {
    name: `projects/${project}/policies/iam.disableServiceAccountKeyCreation`,
    parent: `projects/${project}`,
    spec: { rules: [{ enforce: 'TRUE' }] },
    dependsOn: [last],
  });
  if (pipeline !== undefined) buildDeploy(unit, config, pipeline, [last]);
  return {
    // A reference and not a name: whatever is made in this place waits for its API.
    site: { ...site, projectId: last.project },
    deploy: site.principals.deploy,
    byHand: [
      ...AGENTS.map(
        (one) => `gcloud beta services identity create --service=${one}.googleapis.com --project=${project}`,
      ),
      `the group ${groupsOf(site)}, with ${site.principals.compliance} and ${site.principals.breakGlass} in it: GKE takes people's groups from there`,
      `the organisation grants roles/iam.denyAdmin and roles/orgpolicy.policyAdmin to ${site.principals.deploy}`,
    ],
    ready: [last],
  };
}

const enable = (unit: Construct, project: string, service: string, dependsOn: ProjectService[] = []): ProjectService =>
  new ProjectService(unit, `service_${service}`, {
    project,
    service: `${service}.googleapis.com`,
    disableOnDestroy: false,
    ...(dependsOn.length === 0 ? {} : { dependsOn }),
  });

function buildDeploy(unit: Construct, config: GcpAccount, pipeline: Pipeline, dependsOn: ProjectService[]): void {
  const { site } = config;
  const project = site.projectId;
  const account = new ServiceAccount(unit, 'deploy', {
    project,
    accountId: site.principals.deploy.replace(/@.*/, ''),
    displayName: 'memplane: applies the stacks',
    dependsOn,
  });
  const pool = buildPool(unit, config, pipeline, dependsOn);
  new ServiceAccountIamMember(unit, 'pipeline_is_deploy', {
    serviceAccountId: account.name,
    role: 'roles/iam.workloadIdentityUser',
    member: `principal://iam.googleapis.com/${pool.name}/subject/${pipeline.subject}`,
  });
  for (const role of DEPLOY_ROLES) {
    new ProjectIamMember(unit, `deploy_${role.replace(/^roles\//, '').replace(/\W/g, '_')}`, {
      project,
      role,
      member: `serviceAccount:${account.email}`,
    });
  }
}

function buildPool(
  unit: Construct,
  { site, name }: GcpAccount,
  { issuer, subject }: Pipeline,
  dependsOn: ProjectService[],
): IamWorkloadIdentityPool {
  const project = site.projectId;
  const pool = new IamWorkloadIdentityPool(unit, 'pool', {
    project,
    workloadIdentityPoolId: `${name}-pipeline`,
    description: 'memplane: the pipeline',
    dependsOn,
  });
  new IamWorkloadIdentityPoolProvider(unit, 'pipeline', {
    project,
    workloadIdentityPoolId: pool.workloadIdentityPoolId,
    workloadIdentityPoolProviderId: 'pipeline',
    attributeMapping: { 'google.subject': 'assertion.sub' },
    // The subject in full: without it everybody who gets tokens of this issuer would get in.
    attributeCondition: `assertion.sub == "${subject}"`,
    oidc: { issuerUri: issuer },
  });
  return pool;
}
