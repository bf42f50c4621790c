import { Construct } from 'constructs';
import { unreachable } from '../support/errors.js';
import { buildAwsBucket } from './aws.js';
import { buildAzureBucket } from './azure.js';
import { type BucketConfig, type BucketOutput, withBucketDefaults } from './contract.js';
import { buildGcpBucket } from './gcp.js';

export type { BucketConfig, BucketOutput, BucketPurpose, Lifecycle, Lock } from './contract.js';

/** `id` is also the logical id of what holds the data, so that moving code never moves a bucket. */
export function buildBucket(scope: Construct, id: string, config: BucketConfig): BucketOutput {
  const unit = new Construct(scope, id);
  const bucket = withBucketDefaults(config);
  const { site } = bucket;
  switch (site.cloud) {
    case 'aws':
      return buildAwsBucket(unit, { ...bucket, site });
    case 'gcp':
      return buildGcpBucket(unit, { ...bucket, site });
    case 'azure':
      return buildAzureBucket(unit, { ...bucket, site });
    default:
      return unreachable(site);
  }
}
