import type { Key } from '../kms/contract.js';
import type { NetworkOutput } from '../network/contract.js';
import { refused } from '../support/errors.js';
import type { Site } from '../support/site.js';
import type { Tags } from '../support/tags.js';

/** One queue of writes, and one for what could not be written however often it was tried. */
export interface QueueConfig<S extends Site = Site> {
  readonly site: S;
  readonly name: string;
  readonly tags: Tags;
  readonly network: NetworkOutput;
  /** The data key: messages are memories. */
  readonly key: Key;
  /** How long a message is hidden from others while one pod works on it. @default 300 */
  readonly visibilitySeconds?: number;
  /** After so many tries it is put aside. @default 5 */
  readonly maxReceives?: number;
}

export interface QueueOutput {
  readonly provider: 'sqs' | 'pubsub' | 'servicebus';
  /** AWS: the queue's URL. Google Cloud: its topic. Azure: namespace and queue. */
  readonly url: string;
  readonly deadLetter: string;
  /** What a permission is granted on: ARN, name of topic and subscription, or namespace. */
  readonly grantOn: string;
  readonly address: string;
}

export interface ResolvedQueue<S extends Site> extends QueueConfig<S> {
  readonly visibilitySeconds: number;
  readonly maxReceives: number;
}

/** How long what was put aside waits for somebody to look, and a write for a pod: the longest on AWS. */
export const KEPT_DAYS = 14;

/** Limits of all three: Azure locks for 5 minutes at most, Google puts aside after 5 tries at the earliest. */
export const QUEUE_LIMITS = { visibilitySeconds: [10, 300], maxReceives: [5, 100] } as const;

export function withQueueDefaults<S extends Site>(config: QueueConfig<S>): ResolvedQueue<S> {
  const queue = {
    ...config,
    visibilitySeconds: config.visibilitySeconds ?? 300,
    maxReceives: config.maxReceives ?? 5,
  };
  if (queue.key.purpose !== 'data') {
    const why = 'messages have the key of the databases';
    throw refused(`queue ${queue.name}.key`, queue.key.purpose, why, 'pass the data key');
  }
  for (const field of ['visibilitySeconds', 'maxReceives'] as const) {
    const [least, most] = QUEUE_LIMITS[field];
    const value = queue[field];
    if (Number.isInteger(value) && value >= least && value <= most) continue;
    const why = `needs a whole number from ${least} to ${most}`;
    throw refused(`queue ${queue.name}.${field}`, value, why, 'set queue.* in the spec');
  }
  return queue;
}
