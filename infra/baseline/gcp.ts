import { IamDenyPolicy } from '@cdktf/provider-google/lib/iam-deny-policy/index.js';
import { OrgPolicyPolicy } from '@cdktf/provider-google/lib/org-policy-policy/index.js';
import { ProjectIamAuditConfig } from '@cdktf/provider-google/lib/project-iam-audit-config/index.js';
import { ProjectIamMember } from '@cdktf/provider-google/lib/project-iam-member/index.js';
import type { Construct } from 'constructs';
import { addressOf } from '../support/address.js';
import { storageAgent, transferAgent, workload } from '../support/agents.js';
import type { GcpSite } from '../support/site.js';
import type { BaselineConfig, BaselineOutput } from './contract.js';

/** The first is TLS only: Cloud Storage knows it for a project, not for a bucket. */
const CONSTRAINTS = {
  tls_only: 'storage.secureHttpTransport',
  no_public_access: 'storage.publicAccessPrevention',
  uniform_access: 'storage.uniformBucketLevelAccess',
} as const;

export function buildGcpBaseline(unit: Construct, config: BaselineConfig<GcpSite>): BaselineOutput {
  const { site } = config;
  const policies = Object.entries(CONSTRAINTS).map(
    ([id, constraint]) =>
      new OrgPolicyPolicy(unit, id, {
        name: `projects/${site.projectId}/policies/${constraint}`,
        parent: `projects/${site.projectId}`,
        spec: { rules: [{ enforce: 'TRUE' }] },
      }),
  );
  letReplicationHear(unit, site);
  logEveryUse(unit, site);
  const denials = denyForGood(unit, config);
  return { rules: [...policies, denials].map((rule) => addressOf(rule)) };
}

const EVERYBODY = 'principalSet://goog/public:all';

/**
 * A denial beats every grant, also one that somebody gives to himself. The operator makes tenants' keys and sets who
 * uses them, and uses none; keys and buckets end by the hand of the operator or of break-glass, and by nobody else's.
 */
function denyForGood(unit: Construct, { site, name, operator }: BaselineConfig<GcpSite>): IamDenyPolicy {
  const itself = workload(site, operator.namespace, operator.account);
  const breakGlass = `principalSet://goog/group/${site.principals.breakGlass}`;
  const verb = (one: string): string => `cloudkms.googleapis.com/cryptoKeyVersions.${one}`;
  return new IamDenyPolicy(unit, 'denials', {
    parent: `cloudresourcemanager.googleapis.com%2Fprojects%2F${site.projectId}`,
    name,
    displayName: 'memplane: what no grant allows',
    rules: [
      {
        description: 'the operator uses no key',
        denyRule: {
          deniedPrincipals: [itself],
          deniedPermissions: [verb('useToDecrypt'), verb('useToEncrypt')],
        },
      },
      {
        description: 'keys and buckets end by the operator or by break-glass',
        denyRule: {
          deniedPrincipals: [EVERYBODY],
          exceptionPrincipals: [breakGlass, itself],
          deniedPermissions: [verb('destroy'), 'storage.googleapis.com/buckets.delete'],
        },
      },
    ],
  });
}

/** Google logs who changed something; who read an object or used a key only if it is told to. */
function logEveryUse(unit: Construct, { projectId: project }: GcpSite): void {
  for (const service of ['storage', 'cloudkms']) {
    new ProjectIamAuditConfig(unit, `log_${service}`, {
      project,
      service: `${service}.googleapis.com`,
      auditLogConfig: ['ADMIN_READ', 'DATA_READ', 'DATA_WRITE'].map((logType) => ({ logType })),
    });
  }
}

/** Replication learns of new objects through Pub/Sub topics that its agent makes and the storage agent fills. */
function letReplicationHear(unit: Construct, site: GcpSite): void {
  const project = site.projectId;
  new ProjectIamMember(unit, 'topics', { project, role: 'roles/pubsub.editor', member: transferAgent(site) });
  new ProjectIamMember(unit, 'events', { project, role: 'roles/pubsub.publisher', member: storageAgent(site) });
}
