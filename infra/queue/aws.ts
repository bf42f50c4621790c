import { SqsQueue } from '@cdktf/provider-aws/lib/sqs-queue/index.js';
import { SqsQueuePolicy } from '@cdktf/provider-aws/lib/sqs-queue-policy/index.js';
import { SqsQueueRedriveAllowPolicy } from '@cdktf/provider-aws/lib/sqs-queue-redrive-allow-policy/index.js';
import type { Construct } from 'constructs';
import { addressOf } from '../support/address.js';
import { GUARDED } from '../support/guard.js';
import { checkName } from '../support/naming.js';
import { type AwsSite, providerOf } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import { KEPT_DAYS, type QueueOutput, type ResolvedQueue } from './contract.js';

type AwsQueue = ResolvedQueue<AwsSite>;

export function buildAwsQueue(unit: Construct, config: AwsQueue): QueueOutput {
  const aside = buildOne(unit, config, 'dead_letter', `${config.name}-dead`);
  const queue = buildOne(unit, config, 'queue', config.name, {
    redrivePolicy: JSON.stringify({ deadLetterTargetArn: aside.arn, maxReceiveCount: config.maxReceives }),
  });
  // Else any queue of the account may put its failures among ours.
  new SqsQueueRedriveAllowPolicy(unit, 'redrive', {
    ...providerOf(config.site),
    queueUrl: aside.id,
    redriveAllowPolicy: JSON.stringify({ redrivePermission: 'byQueue', sourceQueueArns: [queue.arn] }),
  });
  return { provider: 'sqs', url: queue.url, deadLetter: aside.url, grantOn: queue.arn, address: addressOf(queue) };
}

function buildOne(
  unit: Construct,
  { site, tags, key, visibilitySeconds }: AwsQueue,
  id: string,
  name: string,
  redrive: { readonly redrivePolicy?: string } = {},
): SqsQueue {
  const queue = new SqsQueue(unit, id, {
    ...providerOf(site),
    name: checkName('aws', 'queue', name),
    kmsMasterKeyId: key.id,
    // How long one data key serves: fewer calls against messages that one leaked key would show.
    kmsDataKeyReusePeriodSeconds: 300,
    visibilityTimeoutSeconds: visibilitySeconds,
    messageRetentionSeconds: KEPT_DAYS * 86_400,
    // Waiting for a message is cheaper than asking for one.
    receiveWaitTimeSeconds: 20,
    ...redrive,
    tags: buildTags('aws', tags, 'data'),
    lifecycle: GUARDED,
  });
  // Before anything refers to it: a reference keeps the id of its moment.
  if (id === 'queue') queue.overrideLogicalId(unit.node.id);
  refuse(unit, site, id === 'queue' ? 'policy' : `${id}_policy`, queue);
  return queue;
}

function refuse(unit: Construct, site: AwsSite, id: string, queue: SqsQueue): void {
  const deny = (Sid: string, Condition: object) => ({
    Sid,
    Effect: 'Deny',
    Principal: '*',
    Action: 'sqs:*',
    Resource: queue.arn,
    Condition,
  });
  new SqsQueuePolicy(unit, id, {
    ...providerOf(site),
    queueUrl: queue.id,
    policy: JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        deny('TlsOnly', { Bool: { 'aws:SecureTransport': 'false' } }),
        deny('OwnAccountOnly', { StringNotEquals: { 'aws:PrincipalAccount': site.accountId } }),
      ],
    }),
  });
}
