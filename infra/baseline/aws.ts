import { S3AccountPublicAccessBlock } from '@cdktf/provider-aws/lib/s3-account-public-access-block/index.js';
import type { Construct } from 'constructs';
import { addressOf } from '../support/address.js';
import { type AwsSite, providerOf } from '../support/site.js';
import type { BaselineConfig, BaselineOutput } from './contract.js';

/** TLS is refused bucket by bucket, in each policy: S3 knows no switch for an account. */
export function buildAwsBaseline(unit: Construct, { site }: BaselineConfig<AwsSite>): BaselineOutput {
  const block = new S3AccountPublicAccessBlock(unit, 'public_access', {
    ...providerOf(site),
    accountId: site.accountId,
    blockPublicAcls: true,
    blockPublicPolicy: true,
    ignorePublicAcls: true,
    restrictPublicBuckets: true,
  });
  return { rules: [addressOf(block)] };
}
