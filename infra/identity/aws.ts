import { IamRole } from '@cdktf/provider-aws/lib/iam-role/index.js';
import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy/index.js';
import type { Construct } from 'constructs';
import { buildName } from '../support/naming.js';
import { providerOf } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import { buildOperatorPolicy, buildSecretsPolicy, buildWitnessPolicy } from './aws-plane.js';
import type { AwsIdentity } from './aws-statements.js';
import { buildAuditPolicy, buildBackupPolicy, buildStoresPolicy, buildTenantPolicy } from './aws-tenant.js';
import { buildIrsaTrust, buildPodTrust } from './aws-trust.js';
import {
  ACCOUNTS,
  type IdentityOutput,
  namespaceOf,
  PLANE_WORKERS,
  type PlaneWorker,
  type Worker,
} from './contract.js';

/**
 * Three roles for all tenants, told apart by session tags, and one for each worker of the plane. The operator makes
 * no roles: whoever makes them can make one that trusts itself.
 */
export function buildAwsIdentity(unit: Construct, config: AwsIdentity): IdentityOutput {
  const tenants = config.tenants === 'Sessions' ? buildTenantRoles(unit, config) : {};
  const plane = Object.fromEntries(
    PLANE_WORKERS.map((worker) => [worker, buildPlaneRole(unit, config, worker, Object.values(tenants))]),
  ) as Record<PlaneWorker, string>;
  const annotate = (worker: PlaneWorker) => ({ 'eks.amazonaws.com/role-arn': plane[worker] });
  return {
    provider: config.tenants === 'Sessions' ? 'eks-pod-identity' : 'eks-irsa',
    roles: { ...(config.tenants === 'Sessions' ? tenants : byHand(config)), ...plane },
    annotations: {
      operator: annotate('operator'),
      witness: annotate('witness'),
      externalSecrets: annotate('externalSecrets'),
    },
  };
}

/** What the platform names each tenant's role; the operator writes the tenant's name for the asterisk. */
const byHand = ({ site, name }: AwsIdentity) => ({
  tenant: `arn:${site.partition}:iam::${site.accountId}:role${site.rolePath}${buildName('aws', 'role', [name, 'tenant'])}-*`,
});

function buildTenantRoles(unit: Construct, config: AwsIdentity) {
  const stores = buildStoresPolicy(config);
  return {
    tenant: buildRole(unit, config, 'tenant', buildPodTrust(config, 'tenant'), {
      keys_and_objects: buildTenantPolicy(config),
      ...(stores === undefined ? {} : { stores }),
    }),
    backup: buildRole(unit, config, 'backup', buildPodTrust(config, 'backup'), { objects: buildBackupPolicy(config) }),
    audit: buildRole(unit, config, 'audit', buildPodTrust(config, 'audit'), { objects: buildAuditPolicy(config) }),
  };
}

function buildPlaneRole(
  unit: Construct,
  config: AwsIdentity,
  worker: PlaneWorker,
  tenantRoles: readonly string[],
): string {
  const [account = ''] = ACCOUNTS[worker];
  const trust = buildIrsaTrust(config.site, config.cluster, namespaceOf(config.namespaces, worker), account);
  const policies = {
    operator: () => buildOperatorPolicy(config, tenantRoles),
    witness: () => buildWitnessPolicy(config),
    externalSecrets: () => buildSecretsPolicy(config),
  };
  return buildRole(unit, config, worker, trust, { permissions: policies[worker]() });
}

/** The ARN is derived, so that what names a role can be read before there is one. */
function buildRole(
  unit: Construct,
  { site, tags, ...config }: AwsIdentity,
  worker: Worker,
  assumeRolePolicy: string,
  policies: Readonly<Record<string, string>>,
): string {
  const kebab = worker.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const id = kebab.replace(/-/g, '_');
  const name = buildName('aws', 'role', [config.name, kebab]);
  const role = new IamRole(unit, id, {
    ...providerOf(site),
    name,
    path: site.rolePath,
    description: `memplane: service accounts ${ACCOUNTS[worker].join(', ')}`,
    assumeRolePolicy,
    maxSessionDuration: 3600,
    tags: buildTags('aws', tags, 'identity'),
  });
  for (const [what, policy] of Object.entries(policies)) {
    new IamRolePolicy(unit, `${id}_${what}`, { ...providerOf(site), name: what, role: role.id, policy });
  }
  return `arn:${site.partition}:iam::${site.accountId}:role${site.rolePath}${name}`;
}
