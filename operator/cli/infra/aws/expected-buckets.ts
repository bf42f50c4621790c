import { block, blocks, type GraphResource, listed, type StackGraph } from '../graph.js';
import type { Target } from '../target.js';
import { keyOf, target } from './expected-target.js';
import { endText } from './lifecycle.js';
import { denies } from './policy.js';
import { settledPolicy, statementFacts } from './statements.js';

const isClosed = (said: GraphResource['attributes']): boolean =>
  ['block_public_acls', 'block_public_policy', 'ignore_public_acls', 'restrict_public_buckets'].every(
    (field) => said[field] === true,
  );

export function bucketTarget(graph: StackGraph, bucket: GraphResource): Target {
  const part = (type: string): GraphResource['attributes'] =>
    graph.of(type).find(({ attributes }) => graph.referred(attributes.bucket)?.address === bucket.address)
      ?.attributes ?? {};
  const encryption = block(
    block(part('aws_s3_bucket_server_side_encryption_configuration').rule)?.apply_server_side_encryption_by_default,
  );
  const retention = block(block(part('aws_s3_bucket_object_lock_configuration').rule)?.default_retention);
  const versioning = block(part('aws_s3_bucket_versioning').versioning_configuration)?.status;
  const closed = part('aws_s3_bucket_public_access_block');
  const policy = part('aws_s3_bucket_policy').policy;
  const copying = block(part('aws_s3_bucket_replication_configuration').rule);
  const there = block(copying?.destination);
  const nameOf = (said: unknown): string | undefined =>
    (graph.referred(said)?.attributes.bucket ?? said) as string | undefined;
  return target(graph, bucket, 'bucket', bucket.attributes.bucket, {
    encryption: encryption?.sse_algorithm as string | undefined,
    'encryption key': keyOf(graph, encryption?.kms_master_key_id),
    'lock mode': retention?.mode as string | undefined,
    'lock days': retention?.days as number | undefined,
    // A bucket that was never versioned says nothing.
    versioning: versioning === 'Disabled' ? undefined : (versioning as string | undefined),
    'public access blocked': isClosed(closed),
    'TLS only': denies(policy, 'Bool', 'aws:SecureTransport', 'false'),
    'TLS 1.2': denies(policy, 'NumericLessThan', 's3:TlsVersion', '1.2'),
    'copied to': graph.referred(there?.bucket)?.attributes.bucket as string | undefined,
    'key of the copy': keyOf(graph, block(there?.encryption_configuration)?.replica_kms_key_id),
    'deletions follow': block(copying?.delete_marker_replication)?.status === 'Enabled',
    'access logged in': nameOf(part('aws_s3_bucket_logging').target_bucket),
    'owned by': block(part('aws_s3_bucket_ownership_controls').rule)?.object_ownership as string | undefined,
    ends: listed(blocks(part('aws_s3_bucket_lifecycle_configuration').rule).map(endOf)),
    ...statementFacts(settledPolicy(graph, policy)),
  });
}

function endOf(rule: GraphResource['attributes']): string {
  const days = (value: unknown, field: string) => block(value)?.[field] as number | undefined;
  return endText({
    id: rule.id as string | undefined,
    prefix: block(rule.filter)?.prefix as string | undefined,
    days: days(rule.expiration, 'days'),
    oldDays: days(rule.noncurrent_version_expiration, 'noncurrent_days'),
    uploadDays: days(rule.abort_incomplete_multipart_upload, 'days_after_initiation'),
    moves: blocks(rule.transition).map((one) => [
      one.days as number | undefined,
      one.storage_class as string | undefined,
    ]),
  });
}

/** No bucket of the account can be made public, whoever makes it. */
export const barTarget = (graph: StackGraph, bar: GraphResource): Target =>
  target(graph, bar, 'account', bar.attributes.account_id, { 'public access blocked': isClosed(bar.attributes) });
