import { block, blocks, type GraphResource, listed, type StackGraph } from '../graph.js';
import type { Facts, Target } from '../target.js';
import { groupsOf, keyOf, target } from './expected-target.js';
import { denies, nameIn, sameJson } from './policy.js';
import { settledPolicy, statementFacts } from './statements.js';

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
    ...each('aws_eks_cluster', entrancesTarget),
    ...each('aws_eks_node_group', poolTarget),
    ...each('aws_elasticache_user', userTarget),
    ...each('aws_elasticache_user_group', usersTarget),
    ...each('aws_elasticache_parameter_group', parametersTarget),
    ...each('aws_lb', balancerTarget),
  ];
}

function queueTarget(graph: StackGraph, queue: GraphResource): Target {
  const { attributes } = queue;
  const redrive = JSON.parse(String(attributes.redrive_policy ?? '{}')) as {
    readonly deadLetterTargetArn?: string;
    readonly maxReceiveCount?: number;
  };
  const mine = (type: string) =>
    graph.of(type).find((one) => graph.referred(one.attributes.queue_url)?.address === queue.address)?.attributes;
  const policy = mine('aws_sqs_queue_policy')?.policy;
  return target(graph, queue, 'queue', attributes.name, {
    'encryption key': keyOf(graph, attributes.kms_master_key_id),
    'kept seconds': attributes.message_retention_seconds as number | undefined,
    'put aside in': graph.referred(redrive.deadLetterTargetArn)?.attributes.name as string | undefined,
    'put aside after': redrive.maxReceiveCount,
    'put aside from': sameJson(settledPolicy(graph, mine('aws_sqs_queue_redrive_allow_policy')?.redrive_allow_policy)),
    'TLS only': denies(policy, 'Bool', 'aws:SecureTransport', 'false'),
    ...statementFacts(settledPolicy(graph, policy)),
  });
}

function secretTarget(graph: StackGraph, secret: GraphResource): Target {
  const { attributes } = secret;
  const policy = graph
    .of('aws_secretsmanager_secret_policy')
    .find((one) => graph.referred(one.attributes.secret_arn)?.address === secret.address)?.attributes.policy;
  return target(graph, secret, 'secret', attributes.name, {
    'encryption key': keyOf(graph, attributes.kms_key_id),
    'keys of copies': listed(blocks(attributes.replica).map(({ kms_key_id }) => keyOf(graph, kms_key_id))),
    'to be deleted': false,
    ...statementFacts(settledPolicy(graph, policy)),
  });
}

function imagesTarget(graph: StackGraph, images: GraphResource): Target {
  const ends = graph
    .of('aws_ecr_lifecycle_policy')
    .find((one) => graph.referred(one.attributes.repository)?.address === images.address)?.attributes.policy;
  return target(graph, images, 'images', images.attributes.name, {
    'encryption key': keyOf(graph, block(images.attributes.encryption_configuration)?.kms_key),
    tags: images.attributes.image_tag_mutability as string | undefined,
    'scanned on push': block(images.attributes.image_scanning_configuration)?.scan_on_push === true,
    ends: sameJson(ends),
  });
}

function clusterTarget(graph: StackGraph, cluster: GraphResource): Target {
  const { attributes } = cluster;
  const network = block(attributes.vpc_config);
  const facts: Facts = {
    'encryption key': keyOf(graph, block(block(attributes.encryption_config)?.provider)?.key_arn),
    public: network?.endpoint_public_access === true,
    private: network?.endpoint_private_access === true,
    'asked from': listed((network?.public_access_cidrs ?? []) as readonly string[]),
    logs: listed((attributes.enabled_cluster_log_types ?? []) as readonly string[]),
    groups: groupsOf(graph, network?.security_group_ids),
    'who may': block(attributes.access_config)?.authentication_mode as string | undefined,
  };
  return target(graph, cluster, 'cluster', attributes.name, facts);
}

const logTarget = (graph: StackGraph, log: GraphResource): Target =>
  target(graph, log, 'log', log.attributes.name, {
    'encryption key': keyOf(graph, log.attributes.kms_key_id),
    'kept days': log.attributes.retention_in_days as number | undefined,
  });

/** People and pipelines: what nodes are let in by is made by AWS. */
function entrancesTarget(graph: StackGraph, cluster: GraphResource): Target {
  const mine = (type: string) =>
    graph
      .of(type)
      .filter((one) => graph.referred(one.attributes.cluster_name)?.address === cluster.address)
      .map(({ attributes }) => attributes);
  const rights = mine('aws_eks_access_policy_association');
  const entries = mine('aws_eks_access_entry').filter(({ type = 'STANDARD' }) => type === 'STANDARD');
  const facts = entries.map((entry) => {
    const held = rights.filter(({ principal_arn }) => principal_arn === entry.principal_arn);
    const words = held.map(({ policy_arn, access_scope }) => rightText(policy_arn, block(access_scope)?.type));
    return [`rights of ${nameIn(String(entry.principal_arn))}`, listed(words)] as const;
  });
  return target(graph, cluster, 'entrances', cluster.attributes.name, {
    'who enters': listed(entries.map(({ principal_arn }) => nameIn(String(principal_arn)))),
    ...Object.fromEntries(facts),
  });
}

export const rightText = (policyArn: unknown, scope: unknown): string =>
  `${String(policyArn).split('/').at(-1)} (${scope})`;

function poolTarget(graph: StackGraph, pool: GraphResource): Target {
  const { attributes } = pool;
  const name = `${graph.referred(attributes.cluster_name)?.attributes.name}/${attributes.node_group_name}`;
  return target(graph, pool, 'pool', name, {
    'made after': graph.referred(block(attributes.launch_template)?.id)?.attributes.name as string | undefined,
    system: attributes.ami_type as string | undefined,
    'kept for': listed(blocks(attributes.taint).map(({ key, value, effect }) => `${key}=${value}:${effect}`)),
    role: graph.referred(attributes.node_role_arn)?.attributes.name as string | undefined,
  });
}

const userTarget = (graph: StackGraph, user: GraphResource): Target =>
  target(graph, user, 'user', user.attributes.user_id, {
    name: user.attributes.user_name as string | undefined,
    may: user.attributes.access_string as string | undefined,
    'signs in by': block(user.attributes.authentication_mode)?.type as string | undefined,
  });

const usersTarget = (graph: StackGraph, users: GraphResource): Target =>
  target(graph, users, 'users', users.attributes.user_group_id, {
    users: listed(((users.attributes.user_ids ?? []) as readonly unknown[]).map((one) => String(graph.settled(one)))),
    'of caches': listed(
      graph
        .of('aws_elasticache_replication_group')
        .filter((one) =>
          ((one.attributes.user_group_ids ?? []) as readonly unknown[]).some(
            (id) => graph.referred(id)?.address === users.address,
          ),
        )
        .map(({ attributes }) => String(attributes.replication_group_id)),
    ),
  });

const parametersTarget = (graph: StackGraph, group: GraphResource): Target =>
  target(
    graph,
    group,
    'parameters',
    group.attributes.name,
    Object.fromEntries(
      blocks(group.attributes.parameter).map(({ name, value }) => [`parameter ${name}`, String(value)]),
    ),
  );

function balancerTarget(graph: StackGraph, balancer: GraphResource): Target {
  const listeners = graph
    .of('aws_lb_listener')
    .filter((one) => graph.referred(one.attributes.load_balancer_arn)?.address === balancer.address);
  const logs = block(balancer.attributes.access_logs);
  return target(graph, balancer, 'balancer', balancer.attributes.name, {
    internal: balancer.attributes.internal === true,
    'deletion protection': balancer.attributes.enable_deletion_protection === true,
    'access logged in': logs?.enabled === true ? String(logs.bucket) : undefined,
    'drops broken headers': balancer.attributes.drop_invalid_header_fields === true,
    listens: listed(
      listeners.map(({ attributes }) => `${attributes.protocol} ${attributes.port} ${attributes.ssl_policy}`),
    ),
  });
}
