import { OrgPolicyPolicy } from '@cdktf/provider-google/lib/org-policy-policy/index.js';
import { ProjectIamMember } from '@cdktf/provider-google/lib/project-iam-member/index.js';
import type { Construct } from 'constructs';
import { addressOf } from '../support/address.js';
import { storageAgent, transferAgent } from '../support/agents.js';
import type { GcpSite } from '../support/site.js';
import type { BaselineConfig, BaselineOutput } from './contract.js';

/** The first is TLS only: Cloud Storage knows it for a project, not for a bucket. */
const CONSTRAINTS = {
  tls_only: 'storage.secureHttpTransport',
  no_public_access: 'storage.publicAccessPrevention',
  uniform_access: 'storage.uniformBucketLevelAccess',
} as const;

export function buildGcpBaseline(unit: Construct, { site }: BaselineConfig<GcpSite>): BaselineOutput {
  const policies = Object.entries(CONSTRAINTS).map(
    ([id, constraint]) =>
      new OrgPolicyPolicy(unit, id, {
        name: `projects/${site.projectId}/policies/${constraint}`,
        parent: `projects/${site.projectId}`,
        spec: { rules: [{ enforce: 'TRUE' }] },
      }),
  );
  letReplicationHear(unit, site);
  return { rules: policies.map((policy) => addressOf(policy)) };
}

/** Replication learns of new objects through Pub/Sub topics that its agent makes and the storage agent fills. */
function letReplicationHear(unit: Construct, site: GcpSite): void {
  const project = site.projectId;
  new ProjectIamMember(unit, 'topics', { project, role: 'roles/pubsub.editor', member: transferAgent(site) });
  new ProjectIamMember(unit, 'events', { project, role: 'roles/pubsub.publisher', member: storageAgent(site) });
}
