import type { Cloud } from './bucket-facts.js';
import { at, guarded, keyOf, referred, resource } from './references.js';
import type { Attributes, Json, StackJson } from './terraform-json.js';

/** What the three clouds promise of the queue of writes, read from the Terraform JSON and nothing else. */
export interface QueueFacts {
  /** Purpose of the key under messages and under what was put aside, if it is rotated, guarded and of this stack. */
  readonly key: string | undefined;
  readonly hiddenSeconds: number;
  /** Tries after which a message is put aside; 0 = never, or somewhere that does not exist. */
  readonly asideAfter: number;
  readonly keptDays: number;
  /** Only this environment's own identities may ask, and not in plain text. */
  readonly closed: boolean;
  readonly guarded: boolean;
}

export function queueFacts(cloud: Cloud, plane: StackJson): QueueFacts {
  switch (cloud) {
    case 'aws':
      return awsFacts(plane);
    case 'gcp':
      return gcpFacts(plane);
    case 'azure':
      return azureFacts(plane);
  }
}

const same = (keys: readonly (string | undefined)[]): string | undefined =>
  new Set(keys).size === 1 ? keys[0] : undefined;

function awsFacts(stack: StackJson): QueueFacts {
  const queue = resource(stack, 'aws_sqs_queue', 'queue');
  const dead = resource(stack, 'aws_sqs_queue', 'queue_dead_letter');
  const key = (one: Attributes | undefined) =>
    keyOf(stack, at(one, 'kms_master_key_id'), (it) => it.enable_key_rotation === true);
  const redrive = JSON.parse(String(at(queue, 'redrive_policy') ?? '{}')) as { [name: string]: Json };
  const policies = ['queue_policy', 'queue_dead_letter_policy'].map((id) =>
    String(at(resource(stack, 'aws_sqs_queue_policy', id), 'policy')),
  );
  const denies = (policy: string) =>
    policy.includes('"aws:SecureTransport":"false"') && policy.includes('"StringNotEquals"');
  return {
    key: same([key(queue), key(dead)]),
    hiddenSeconds: Number(at(queue, 'visibility_timeout_seconds')),
    asideAfter: referred(stack, redrive.deadLetterTargetArn)?.it === dead ? Number(redrive.maxReceiveCount) : 0,
    keptDays: Number(at(queue, 'message_retention_seconds')) / 86_400,
    closed: policies.every(denies),
    guarded: guarded(queue) && guarded(dead),
  };
}

function gcpFacts(stack: StackJson): QueueFacts {
  const topic = resource(stack, 'google_pubsub_topic', 'queue');
  const dead = resource(stack, 'google_pubsub_topic', 'queue_dead_letter');
  const subscription = resource(stack, 'google_pubsub_subscription', 'queue_subscription');
  const watched = resource(stack, 'google_pubsub_subscription', 'queue_dead_letter_subscription');
  const key = (one: Attributes | undefined) =>
    keyOf(stack, at(one, 'kms_key_name'), (it) => it.rotation_period !== undefined);
  const policy = at(subscription, 'dead_letter_policy');
  const may = ['google_pubsub_topic_iam_member', 'google_pubsub_subscription_iam_member'].every((type) =>
    Object.values(stack.resource[type] ?? {}).some((one) => String(one.member).includes('gcp-sa-pubsub')),
  );
  // Pub/Sub drops what it puts aside if nobody subscribes there, or if it may not publish there.
  const arrives = referred(stack, at(policy, 'dead_letter_topic'))?.it === dead && watched !== undefined && may;
  const kept = [subscription, watched].map((one) =>
    Number(String(at(one, 'message_retention_duration')).replace('s', '')),
  );
  return {
    key: same([key(topic), key(dead)]),
    hiddenSeconds: Number(at(subscription, 'ack_deadline_seconds')),
    asideAfter: arrives ? Number(at(policy, 'max_delivery_attempts')) : 0,
    keptDays: [subscription, watched].every((one) => at(one, 'expiration_policy', 'ttl') === '')
      ? Math.min(...kept) / 86_400
      : 31,
    // TLS and the project's own permissions are all there is to Pub/Sub; what can differ is where messages go.
    closed: [topic, dead].every((one) => at(one, 'message_storage_policy', 'enforce_in_transit') === true),
    guarded: [topic, dead, subscription, watched].every(guarded),
  };
}

function azureFacts(stack: StackJson): QueueFacts {
  const namespace = resource(stack, 'azurerm_servicebus_namespace', 'queue');
  // cdktf drops the second of two equal names in a path.
  const queue = Object.values(stack.resource.azurerm_servicebus_queue ?? {})[0];
  const endpoint = resource(stack, 'azurerm_private_endpoint', 'queue_endpoint');
  const rotates = (it: Attributes) => at(it, 'rotation_policy', 'automatic', 'time_after_creation') !== undefined;
  return {
    key: keyOf(stack, at(namespace, 'customer_managed_key', 'key_vault_key_id'), rotates),
    hiddenSeconds: Number(/^PT(\d+)S$/.exec(String(at(queue, 'lock_duration')))?.[1]),
    asideAfter:
      at(queue, 'dead_lettering_on_message_expiration') === true ? Number(at(queue, 'max_delivery_count')) : 0,
    keptDays: Number(/^P(\d+)D$/.exec(String(at(queue, 'default_message_ttl')))?.[1]),
    closed:
      at(namespace, 'local_auth_enabled') === false &&
      at(namespace, 'public_network_access_enabled') === false &&
      at(namespace, 'minimum_tls_version') === '1.2' &&
      at(endpoint, 'private_service_connection', 'private_connection_resource_id') ===
        `\${azurerm_servicebus_namespace.queue.id}`,
    guarded: guarded(namespace) && guarded(queue),
  };
}
