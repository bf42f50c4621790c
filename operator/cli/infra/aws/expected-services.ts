import { block, blocks, type GraphResource, listed, type StackGraph } from '../graph.js';
import type { Facts, Target } from '../target.js';
import { keyOf, target } from './expected-target.js';
import { denies } from './policy.js';

/** What keeps something beside buckets and databases, and what runs it all. */
export function expectOfServices(graph: StackGraph): readonly Target[] {
  const each = (type: string, of: (graph: StackGraph, one: GraphResource) => Target) =>
    graph.of(type).map((one) => of(graph, one));
  return [
    ...each('aws_sqs_queue', queueTarget),
    ...each('aws_secretsmanager_secret', secretTarget),
    ...each('aws_ecr_repository', imagesTarget),
    ...each('aws_eks_cluster', clusterTarget),
    ...each('aws_cloudwatch_log_group', logTarget),
  ];
}

function queueTarget(graph: StackGraph, queue: GraphResource): Target {
  const { attributes } = queue;
  const redrive = JSON.parse(String(attributes.redrive_policy ?? '{}')) as {
    readonly deadLetterTargetArn?: string;
    readonly maxReceiveCount?: number;
  };
  const policy = graph
    .of('aws_sqs_queue_policy')
    .find((one) => graph.referred(one.attributes.queue_url)?.address === queue.address)?.attributes.policy;
  return target(graph, queue, 'queue', attributes.name, {
    'encryption key': keyOf(graph, attributes.kms_master_key_id),
    'kept seconds': attributes.message_retention_seconds as number | undefined,
    'put aside in': graph.referred(redrive.deadLetterTargetArn)?.attributes.name as string | undefined,
    'put aside after': redrive.maxReceiveCount,
    'TLS only': denies(policy, 'Bool', 'aws:SecureTransport', 'false'),
  });
}

function secretTarget(graph: StackGraph, secret: GraphResource): Target {
  const { attributes } = secret;
  return target(graph, secret, 'secret', attributes.name, {
    'encryption key': keyOf(graph, attributes.kms_key_id),
    'keys of copies': listed(blocks(attributes.replica).map(({ kms_key_id }) => keyOf(graph, kms_key_id))),
    'to be deleted': false,
  });
}

const imagesTarget = (graph: StackGraph, images: GraphResource): Target =>
  target(graph, images, 'images', images.attributes.name, {
    'encryption key': keyOf(graph, block(images.attributes.encryption_configuration)?.kms_key),
    tags: images.attributes.image_tag_mutability as string | undefined,
    'scanned on push': block(images.attributes.image_scanning_configuration)?.scan_on_push === true,
  });

function clusterTarget(graph: StackGraph, cluster: GraphResource): Target {
  const { attributes } = cluster;
  const network = block(attributes.vpc_config);
  const facts: Facts = {
    'encryption key': keyOf(graph, block(block(attributes.encryption_config)?.provider)?.key_arn),
    public: network?.endpoint_public_access === true,
    'asked from': listed((network?.public_access_cidrs ?? []) as readonly string[]),
    logs: listed((attributes.enabled_cluster_log_types ?? []) as readonly string[]),
    'who may': block(attributes.access_config)?.authentication_mode as string | undefined,
  };
  return target(graph, cluster, 'cluster', attributes.name, facts);
}

const logTarget = (graph: StackGraph, log: GraphResource): Target =>
  target(graph, log, 'log', log.attributes.name, {
    'encryption key': keyOf(graph, log.attributes.kms_key_id),
    'kept days': log.attributes.retention_in_days as number | undefined,
  });
