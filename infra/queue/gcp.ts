import { PubsubSubscription } from '@cdktf/provider-google/lib/pubsub-subscription/index.js';
import { PubsubSubscriptionIamMember } from '@cdktf/provider-google/lib/pubsub-subscription-iam-member/index.js';
import { PubsubTopic } from '@cdktf/provider-google/lib/pubsub-topic/index.js';
import { PubsubTopicIamMember } from '@cdktf/provider-google/lib/pubsub-topic-iam-member/index.js';
import type { Construct } from 'constructs';
import { addressOf } from '../support/address.js';
import { queueAgent } from '../support/agents.js';
import { GUARDED } from '../support/guard.js';
import { checkName } from '../support/naming.js';
import type { GcpSite } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import { KEPT_DAYS, type QueueOutput, type ResolvedQueue } from './contract.js';

type GcpQueue = ResolvedQueue<GcpSite>;

const KEPT = `${KEPT_DAYS * 86_400}s`;

export function buildGcpQueue(unit: Construct, config: GcpQueue): QueueOutput {
  const topic = buildTopic(unit, config, 'queue', config.name);
  topic.overrideLogicalId(unit.node.id);
  const aside = buildTopic(unit, config, 'dead_letter', `${config.name}-dead`);
  const subscription = buildSubscription(unit, config, 'subscription', topic, {
    deadLetterPolicy: { deadLetterTopic: aside.id, maxDeliveryAttempts: config.maxReceives },
  });
  // A topic that nobody subscribes to forgets at once.
  buildSubscription(unit, config, 'dead_letter_subscription', aside);
  letAside(unit, config, aside, subscription);
  return { provider: 'pubsub', url: topic.id, deadLetter: aside.id, grantOn: topic.name, address: addressOf(topic) };
}

function buildTopic(unit: Construct, { site, tags, key }: GcpQueue, id: string, name: string): PubsubTopic {
  return new PubsubTopic(unit, id, {
    project: site.projectId,
    name: checkName('gcp', 'queue', name),
    kmsKeyName: key.id,
    // Neither kept nor carried through another region.
    messageStoragePolicy: { allowedPersistenceRegions: [site.region], enforceInTransit: true },
    labels: buildTags('gcp', tags, 'data'),
    dependsOn: [...key.ready],
    lifecycle: GUARDED,
  });
}

function buildSubscription(
  unit: Construct,
  { site, tags, visibilitySeconds }: GcpQueue,
  id: string,
  topic: PubsubTopic,
  aside: {
    readonly deadLetterPolicy?: { readonly deadLetterTopic: string; readonly maxDeliveryAttempts: number };
  } = {},
): PubsubSubscription {
  return new PubsubSubscription(unit, id, {
    project: site.projectId,
    name: topic.name,
    topic: topic.id,
    ackDeadlineSeconds: visibilitySeconds,
    enableExactlyOnceDelivery: true,
    messageRetentionDuration: KEPT,
    // Never: Google deletes what has been idle for 31 days unless told not to.
    expirationPolicy: { ttl: '' },
    retryPolicy: { minimumBackoff: '1s', maximumBackoff: '60s' },
    ...aside,
    labels: buildTags('gcp', tags, 'data'),
    lifecycle: GUARDED,
  });
}

/** Putting aside is done by Pub/Sub itself, which needs to be let: to publish there, and to acknowledge here. */
function letAside(unit: Construct, { site }: GcpQueue, aside: PubsubTopic, from: PubsubSubscription): void {
  const project = site.projectId;
  const member = queueAgent(site);
  new PubsubTopicIamMember(unit, 'may_put', { project, topic: aside.name, role: 'roles/pubsub.publisher', member });
  new PubsubSubscriptionIamMember(unit, 'may_take', {
    project,
    subscription: from.name,
    role: 'roles/pubsub.subscriber',
    member,
  });
}
