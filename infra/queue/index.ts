import { Construct } from 'constructs';
import { unreachable } from '../support/errors.js';
import { buildAwsQueue } from './aws.js';
import { buildAzureQueue } from './azure.js';
import { type QueueConfig, type QueueOutput, withQueueDefaults } from './contract.js';
import { buildGcpQueue } from './gcp.js';

export type { QueueConfig, QueueOutput } from './contract.js';

/** `id` is also the logical id of what keeps the messages. */
export function buildQueue(scope: Construct, id: string, config: QueueConfig): QueueOutput {
  const unit = new Construct(scope, id);
  const queue = withQueueDefaults(config);
  const { site } = queue;
  switch (site.cloud) {
    case 'aws':
      return buildAwsQueue(unit, { ...queue, site });
    case 'gcp':
      return buildGcpQueue(unit, { ...queue, site });
    case 'azure':
      return buildAzureQueue(unit, { ...queue, site });
    default:
      return unreachable(site);
  }
}
