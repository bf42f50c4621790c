import type { StorageManagementPolicyRule } from '@cdktf/provider-azurerm/lib/storage-management-policy/index.js';
import type { AzureSite } from '../support/site.js';
import type { ResolvedBucket } from './contract.js';

type AzureBucket = ResolvedBucket<AzureSite>;

const BLOCKS = { blobTypes: ['blockBlob'] };
const MARKED = { ...BLOCKS, matchBlobIndexTag: [{ name: 'tier', operation: '==', value: 'archivable' }] };

/** Uploads that were never finished are dropped by the service after a week; there is no rule to write. */
export function buildAzureLifecycleRules(bucket: AzureBucket): StorageManagementPolicyRule[] {
  return [...tidy(bucket), ...tiers(bucket)];
}

function tidy({ lifecycle, traits }: AzureBucket): StorageManagementPolicyRule[] {
  const { expireDays, noncurrentDays } = lifecycle;
  if (!traits.versioned && expireDays === undefined) return [];
  const actions = {
    ...(traits.versioned ? { version: { deleteAfterDaysSinceCreation: noncurrentDays } } : {}),
    ...(expireDays === undefined ? {} : { baseBlob: { deleteAfterDaysSinceCreationGreaterThan: expireDays } }),
  };
  return [{ name: 'tidy', enabled: true, filters: BLOCKS, actions }];
}

/** Zone-redundant accounts have no archive tier: cold is the last one, and it answers at once. */
function tiers({ lifecycle, traits }: AzureBucket): StorageManagementPolicyRule[] {
  const { infrequentAfterDays: infrequent, archiveAfterDays: archive } = lifecycle;
  if (infrequent === undefined && archive === undefined) return [];
  const baseBlob = {
    ...(infrequent === undefined ? {} : { tierToCoolAfterDaysSinceCreationGreaterThan: infrequent }),
    ...(archive === undefined ? {} : { tierToColdAfterDaysSinceCreationGreaterThan: archive }),
  };
  const filters = traits.archives === 'Tagged' ? MARKED : BLOCKS;
  return [{ name: 'tier', enabled: true, filters, actions: { baseBlob } }];
}
