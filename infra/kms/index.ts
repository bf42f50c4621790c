import { Construct } from 'constructs';
import { unreachable } from '../support/errors.js';
import { buildAwsKms } from './aws.js';
import { buildAzureKms } from './azure.js';
import { type KeyPurpose, type KmsConfig, type KmsOutput, withKmsDefaults } from './contract.js';
import { buildGcpKms } from './gcp.js';

export type { Key, KeyPurpose, KmsConfig, KmsOutput } from './contract.js';

export function buildKms<const P extends KeyPurpose>(scope: Construct, id: string, config: KmsConfig<P>): KmsOutput<P> {
  const unit = new Construct(scope, id);
  const kms = withKmsDefaults(config);
  const { site } = kms;
  switch (site.cloud) {
    case 'aws':
      return buildAwsKms(unit, { ...kms, site });
    case 'gcp':
      return buildGcpKms(unit, { ...kms, site });
    case 'azure':
      return buildAzureKms(unit, { ...kms, site });
    default:
      return unreachable(site);
  }
}
