import { StorageObjectReplication } from '@cdktf/provider-azurerm/lib/storage-object-replication/index.js';
import type { Construct } from 'constructs';
import { addressOf } from '../support/address.js';
import { GUARDED } from '../support/guard.js';
import type { AzureSite } from '../support/site.js';
import type { ReplicationConfig, ReplicationOutput } from './contract.js';

/** Needs versions on both sides and the change feed at the source, which every versioned bucket unit has. */
export function buildAzureReplication(unit: Construct, config: ReplicationConfig<AzureSite>): ReplicationOutput {
  const { source, destination } = config;
  const replication = new StorageObjectReplication(unit, 'replication', {
    sourceStorageAccountId: source.id,
    destinationStorageAccountId: destination.id,
    rules: [
      {
        sourceContainerName: source.name,
        destinationContainerName: destination.name,
        copyBlobsCreatedAfter: 'Everything',
      },
    ],
    dependsOn: [...source.ready, ...destination.ready],
    lifecycle: GUARDED,
  });
  return { address: addressOf(replication) };
}
