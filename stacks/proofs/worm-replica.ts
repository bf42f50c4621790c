import { companion, type Found, findBucket, lockedKinds, onBuckets } from './buckets.js';
import { type Evidence, evidence, type ProvenStack, type Rule, type World } from './rule.js';
import { at, type Json, type Resource, referred, resourcesOf, shown } from './terraform-json.js';

/** A lock in one region only is a lock until that region is lost. */
export const replicaRule: Rule = {
  id: 'WORM-REPLICA',
  title:
    'What is locked is copied to a bucket of the second region that is locked as well, and deletions are not copied',
  topic: 'worm',
  scanners: ['CKV_AWS_144'],
  remedy: 'replicate into the locked bucket of the second region, without delete markers',
  prove: (world) =>
    onBuckets(world, sourcesOf(world), (found) => {
      const copies = copiesOf(world, found);
      if (copies.length > 0) return copies;
      const told = { attribute: 'replication', value: 'none', wanted: 'a copy in the second region' };
      return [evidence(found.stack, found.bucket, false, told)];
    }),
};

/** Whatever is locked here and is not itself the copy. */
function sourcesOf(world: World) {
  const kinds = lockedKinds(world);
  return kinds.filter((kind) => kinds.some((other) => other === `${kind}Replica`));
}

function copiesOf(world: World, found: Found): readonly Evidence[] {
  switch (world.cloud) {
    case 'aws':
      return awsCopies(world, found);
    case 'gcp':
      return gcpCopies(world, found);
    case 'azure':
      return azureCopies(world, found);
  }
}

/** It must arrive where the environment says, in a bucket of which WORM-LOCK proves the lock. */
function arrives(world: World, found: Found, at_: { readonly by: Resource; readonly to: Json | undefined }): Evidence {
  const { stack } = found;
  const target = findBucket(world, `${found.kind}Replica` as typeof found.kind)?.bucket;
  const reached = referred(stack.json, at_.to);
  const told = {
    attribute: 'destination',
    value: shown(at_.to),
    wanted: target?.address ?? 'a bucket that is not there',
  };
  return evidence(stack, at_.by, target !== undefined && reached?.id === target.id, told);
}

const said = (stack: ProvenStack, by: Resource, attribute: string, value: Json | undefined, wanted: Json): Evidence =>
  evidence(stack, by, value === wanted, { attribute, value: shown(value), wanted: shown(wanted) });

function awsCopies(world: World, found: Found): readonly Evidence[] {
  const by = companion(found, 'aws_s3_bucket_replication_configuration');
  if (by === undefined) return [];
  const rule = at(by.attributes, 'rule', 0);
  const { stack } = found;
  return [
    arrives(world, found, { by, to: at(rule, 'destination', 'bucket') }),
    said(stack, by, 'rule.status', at(rule, 'status'), 'Enabled'),
    said(
      stack,
      by,
      'rule.delete_marker_replication.status',
      at(rule, 'delete_marker_replication', 'status'),
      'Disabled',
    ),
    said(stack, by, 'rule.destination.metrics.status', at(rule, 'destination', 'metrics', 'status'), 'Enabled'),
  ];
}

function gcpCopies(world: World, found: Found): readonly Evidence[] {
  const { stack, bucket } = found;
  return resourcesOf(stack.json, 'google_storage_transfer_job').flatMap((by) => {
    const spec = at(by.attributes, 'replication_spec');
    if (referred(stack.json, at(spec, 'gcs_data_source', 'bucket_name'))?.id !== bucket.id) return [];
    const deletes = at(spec, 'transfer_options', 'delete_objects_unique_in_sink');
    return [
      arrives(world, found, { by, to: at(spec, 'gcs_data_sink', 'bucket_name') }),
      said(stack, by, 'status', at(by.attributes, 'status'), 'ENABLED'),
      said(stack, by, 'replication_spec.transfer_options.delete_objects_unique_in_sink', deletes ?? false, false),
    ];
  });
}

function azureCopies(world: World, found: Found): readonly Evidence[] {
  const { stack, bucket } = found;
  return resourcesOf(stack.json, 'azurerm_storage_object_replication').flatMap((by) => {
    if (referred(stack.json, at(by.attributes, 'source_storage_account_id'))?.id !== bucket.id) return [];
    const since = at(by.attributes, 'rules', 0, 'copy_blobs_created_after');
    return [
      arrives(world, found, { by, to: at(by.attributes, 'destination_storage_account_id') }),
      said(stack, by, 'rules.copy_blobs_created_after', since, 'Everything'),
    ];
  });
}
