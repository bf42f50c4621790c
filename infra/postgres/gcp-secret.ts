import { SecretManagerSecret } from '@cdktf/provider-google/lib/secret-manager-secret/index.js';
import { SecretManagerSecretVersion } from '@cdktf/provider-google/lib/secret-manager-secret-version/index.js';
import type { Construct } from 'constructs';
import { GUARDED } from '../support/guard.js';
import { checkName } from '../support/naming.js';
import type { GcpSite } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import type { ResolvedPostgres } from './contract.js';

type GcpPostgres = ResolvedPostgres<GcpSite>;

/** In named regions under our keys: the automatic placement takes a global key only. */
export function buildAdminSecret(unit: Construct, config: GcpPostgres, secretDataWo: string): SecretManagerSecret {
  const { site, tags, key, secondRegion } = config;
  const places = [{ region: site.region, key }, ...(secondRegion === undefined ? [] : [secondRegion])];
  const secret = new SecretManagerSecret(unit, 'secret', {
    project: site.projectId,
    secretId: checkName('gcp', 'secret', config.secretName),
    replication: {
      userManaged: {
        replicas: places.map((place) => ({
          location: place.region,
          customerManagedEncryption: { kmsKeyName: place.key.id },
        })),
      },
    },
    deletionProtection: true,
    labels: buildTags('gcp', tags, 'data'),
    dependsOn: places.flatMap((place) => [...place.key.ready]),
    lifecycle: GUARDED,
  });
  new SecretManagerSecretVersion(unit, 'secret_version', {
    secret: secret.id,
    secretDataWo,
    secretDataWoVersion: config.adminPasswordVersion,
    deletionPolicy: 'DISABLE',
  });
  return secret;
}
