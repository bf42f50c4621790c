import { ArtifactRegistryRepository } from '@cdktf/provider-google/lib/artifact-registry-repository/index.js';
import type { Construct } from 'constructs';
import { addressOf } from '../support/address.js';
import { GUARDED } from '../support/guard.js';
import { checkName } from '../support/naming.js';
import type { GcpSite } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import type { Mirror, RegistryOutput, ResolvedRegistry } from './contract.js';

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
  const at = `${site.region}-docker.pkg.dev/${site.projectId}`;
  const mirrors = config.mirrors.map((mirror) => [mirror.host, `${at}/${buildMirror(unit, config, mirror)}`] as const);
  return {
    prefix: `${at}/${repository.repositoryId}`,
    id: repository.id,
    address: addressOf(repository),
    mirrors: Object.fromEntries(mirrors),
  };
}

/** A repository that fetches what it does not have, and may be the last to have what runs. */
function buildMirror(unit: Construct, { site, name, tags, key }: GcpRegistry, { host, label }: Mirror): string {
  const repository = new ArtifactRegistryRepository(unit, `mirror_${label.replace('-', '_')}`, {
    project: site.projectId,
    location: site.region,
    repositoryId: checkName('gcp', 'registry', `${name}-${label}`),
    format: 'DOCKER',
    mode: 'REMOTE_REPOSITORY',
    remoteRepositoryConfig: { description: host, commonRepository: { uri: `https://${host}` } },
    kmsKeyName: key.id,
    labels: buildTags('gcp', tags, 'objects'),
    dependsOn: [...key.ready],
    lifecycle: GUARDED,
  });
  return repository.repositoryId;
}
