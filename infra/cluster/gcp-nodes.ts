import { ArtifactRegistryRepositoryIamMember } from '@cdktf/provider-google/lib/artifact-registry-repository-iam-member/index.js';
import { BinaryAuthorizationPolicy } from '@cdktf/provider-google/lib/binary-authorization-policy/index.js';
import { ProjectIamMember } from '@cdktf/provider-google/lib/project-iam-member/index.js';
import { ServiceAccount } from '@cdktf/provider-google/lib/service-account/index.js';
import type { ITerraformDependable } from 'cdktf';
import type { Construct } from 'constructs';
import type { GcpSite } from '../support/site.js';
import type { ResolvedCluster } from './contract.js';

type GcpCluster = ResolvedCluster<GcpSite>;

/** What a node may do: write logs and metrics, pull images. Without one it would be the project's editor. */
export function buildNodeAccount(unit: Construct, { site, name, images }: GcpCluster) {
  const { projectId: project, region: location } = site;
  const account = new ServiceAccount(unit, 'nodes', {
    project,
    accountId: `${name}-nodes`,
    displayName: `memplane: nodes of ${name}`,
  });
  const member = `serviceAccount:${account.email}`;
  const ready: readonly ITerraformDependable[] = [
    new ProjectIamMember(unit, 'nodes_report', { project, role: 'roles/container.defaultNodeServiceAccount', member }),
    new ArtifactRegistryRepositoryIamMember(unit, 'nodes_pull', {
      project,
      location,
      repository: images.id,
      role: 'roles/artifactregistry.reader',
      member,
    }),
    ...Object.entries(images.mirrors ?? {}).map(
      ([host, prefix]) =>
        new ArtifactRegistryRepositoryIamMember(unit, `nodes_pull_${host.replaceAll(/[.-]/g, '_')}`, {
          project,
          location,
          // Cut here and not by a function of Terraform's: cdktf has no way to write a reference inside of its argument.
          repository: prefix.slice(prefix.lastIndexOf('/') + 1),
          role: 'roles/artifactregistry.reader',
          member,
        }),
    ),
  ];
  return { account, ready };
}

/** Images of ours and of Google's own system, and of nobody else: mirror what else is to run. */
export function buildAdmission(unit: Construct, { site, images }: GcpCluster): void {
  new BinaryAuthorizationPolicy(unit, 'admission', {
    project: site.projectId,
    description: 'memplane',
    globalPolicyEvaluationMode: 'ENABLE',
    admissionWhitelistPatterns: [images.prefix, ...Object.values(images.mirrors ?? {})].map((prefix) => ({
      namePattern: `${prefix}/**`,
    })),
    defaultAdmissionRule: { evaluationMode: 'ALWAYS_DENY', enforcementMode: 'ENFORCED_BLOCK_AND_AUDIT_LOG' },
  });
}
