import { ArtifactRegistryRepository } from '@cdktf/provider-google/lib/artifact-registry-repository/index.js';
import type { Construct } from 'constructs';
import { addressOf } from '../support/address.js';
import { GUARDED } from '../support/guard.js';
import { checkName } from '../support/naming.js';
import type { GcpSite } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import type { RegistryOutput, ResolvedRegistry } from './contract.js';

type GcpRegistry = ResolvedRegistry<GcpSite>;

/** One repository holds all images. */
export function buildGcpRegistry(unit: Construct, config: GcpRegistry): RegistryOutput {
  const { site, name, tags, key, untaggedDays } = config;
  const repository = new ArtifactRegistryRepository(unit, 'images', {
    project: site.projectId,
    location: site.region,
    repositoryId: checkName('gcp', 'registry', name),
    format: 'DOCKER',
    // What was tested is what runs: a tag is said once.
    dockerConfig: { immutableTags: true },
    vulnerabilityScanningConfig: { enablementConfig: 'INHERITED' },
    kmsKeyName: key.id,
    cleanupPolicies: [
      {
        id: 'untagged',
        action: 'DELETE',
        condition: { tagState: 'UNTAGGED', olderThan: `${untaggedDays * 86_400}s` },
      },
    ],
    cleanupPolicyDryRun: false,
    labels: buildTags('gcp', tags, 'objects'),
    dependsOn: [...key.ready],
    lifecycle: GUARDED,
  });
  return {
    prefix: `${site.region}-docker.pkg.dev/${site.projectId}/${repository.repositoryId}`,
    id: repository.id,
    address: addressOf(repository),
  };
}
