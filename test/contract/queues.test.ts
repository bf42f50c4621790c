import type { Cloud } from '../support/bucket-facts.js';
import { Editable } from '../support/editable.js';
import { type QueueFacts, queueFacts } from '../support/queue-facts.js';
import { reviewed, type StackJson } from '../support/terraform-json.js';

const CLOUDS: readonly Cloud[] = ['aws', 'gcp', 'azure'];
const planeOf = (cloud: Cloud): StackJson => reviewed(`${cloud}-prod-plane`);

const PROMISE: QueueFacts = {
  key: 'data',
  hiddenSeconds: 300,
  asideAfter: 5,
  keptDays: 14,
  closed: true,
  guarded: true,
};

describe('the queue of writes', () => {
  it.each(CLOUDS)('keeps every promise on %s', (cloud) => {
    expect(queueFacts(cloud, planeOf(cloud))).toEqual(PROMISE);
  });

  it.each([
    { cloud: 'aws' as const, provider: 'sqs', url: /^\$\{aws_sqs_queue\.queue\.url\}$/ },
    { cloud: 'gcp' as const, provider: 'pubsub', url: /^\$\{google_pubsub_topic\.queue\.id\}$/ },
    { cloud: 'azure' as const, provider: 'servicebus', url: /^\$\{azurerm_servicebus_namespace\.queue\.endpoint\}/ },
  ])('is handed out on $cloud', ({ cloud, provider, url }) => {
    expect(planeOf(cloud).output.memplane?.value.queue).toEqual({
      provider,
      url: expect.stringMatching(url),
      deadLetter: expect.stringMatching(/dead_letter|\$DeadLetterQueue$/),
    });
  });

  it('is there only if writes are queued', () => {
    const plane = reviewed('aws-dev-plane');
    expect(plane.resource.aws_sqs_queue).toBeUndefined();
    expect(plane.output.memplane?.value).not.toHaveProperty('queue');
  });
});

interface Mutant {
  readonly cloud: Cloud;
  readonly because: string;
  readonly changes: keyof QueueFacts;
  readonly mutate: (stack: Editable) => void;
}

const onlyOf = (stack: Editable, type: string): string => {
  const [id] = Object.keys(stack.stack.resource[type] ?? {});
  if (id === undefined) throw new Error(`no ${type}`);
  return id;
};

const MUTANTS: readonly Mutant[] = [
  {
    cloud: 'aws',
    because: 'what failed is as secret as what did not',
    changes: 'key',
    mutate: (s) => s.set('aws_sqs_queue', 'queue_dead_letter', ['kms_master_key_id'], 'alias/aws/sqs'),
  },
  {
    cloud: 'aws',
    because: 'a poisonous message comes back for ever',
    changes: 'asideAfter',
    mutate: (s) => s.set('aws_sqs_queue', 'queue', ['redrive_policy'], '{"maxReceiveCount":5}'),
  },
  {
    cloud: 'aws',
    because: 'plain HTTP shows the message',
    changes: 'closed',
    mutate: (s) => s.replace('aws_sqs_queue_policy', 'queue_policy', 'policy', 'aws:SecureTransport', 'aws:Anything'),
  },
  {
    cloud: 'aws',
    because: 'a destroy must stop at plan',
    changes: 'guarded',
    mutate: (s) => s.set('aws_sqs_queue', 'queue', ['lifecycle', 'prevent_destroy'], false),
  },
  {
    cloud: 'gcp',
    because: 'what is put aside without a subscription is gone',
    changes: 'asideAfter',
    mutate: (s) => s.remove('google_pubsub_subscription', 'queue_dead_letter_subscription'),
  },
  {
    cloud: 'gcp',
    because: 'Pub/Sub puts nothing aside where it may not publish',
    changes: 'asideAfter',
    mutate: (s) => s.remove('google_pubsub_topic_iam_member', 'queue_may_put'),
  },
  {
    cloud: 'gcp',
    because: 'an idle queue is deleted after 31 days',
    changes: 'keptDays',
    mutate: (s) => s.set('google_pubsub_subscription', 'queue_subscription', ['expiration_policy', 'ttl'], '2678400s'),
  },
  {
    cloud: 'gcp',
    because: 'messages would leave the region',
    changes: 'closed',
    mutate: (s) => s.set('google_pubsub_topic', 'queue', ['message_storage_policy', 'enforce_in_transit'], false),
  },
  {
    cloud: 'azure',
    because: 'shared keys lie in the state',
    changes: 'closed',
    mutate: (s) => s.set('azurerm_servicebus_namespace', 'queue', ['local_auth_enabled'], true),
  },
  {
    cloud: 'azure',
    because: 'Azure’s default is open',
    changes: 'closed',
    mutate: (s) => s.set('azurerm_servicebus_namespace', 'queue', ['public_network_access_enabled'], true),
  },
  {
    cloud: 'azure',
    because: 'ten seconds are too few for a write',
    changes: 'hiddenSeconds',
    mutate: (s) => s.set('azurerm_servicebus_queue', onlyOf(s, 'azurerm_servicebus_queue'), ['lock_duration'], 'PT10S'),
  },
];

describe('the facts that the promises are read from', () => {
  it.each(MUTANTS)('notice on $cloud: $because', ({ cloud, mutate, changes }) => {
    const edited = new Editable(planeOf(cloud));
    mutate(edited);
    expect(queueFacts(cloud, edited.stack)[changes]).not.toEqual(PROMISE[changes]);
  });
});
