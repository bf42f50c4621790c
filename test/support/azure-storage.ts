import { azureId } from './azure-ids.js';
import type { AzureNames } from './azure-services.js';
import { attributesOf, first } from './graph-attributes.js';
import type { Attributes, StackJson } from './terraform-json.js';

type Answered = readonly (readonly [path: string, body: unknown])[];

/** What stands in accounts and servers and what of it goes by itself, in the shapes of Resource Manager's reference. */
export const azureStorage = (stack: StackJson, { path }: AzureNames): Answered => [
  ...attributesOf(stack, 'azurerm_storage_account').map(
    ([, one]) =>
      [
        `${path(one, 'Microsoft.Storage/storageAccounts')}/blobServices/default`,
        blobs(first(one.blob_properties)),
      ] as const,
  ),
  ...attributesOf(stack, 'azurerm_storage_container').map(
    ([address]) => [azureId(stack, `\${${address}.id}`), { properties: { publicAccess: 'None' } }] as const,
  ),
  ...attributesOf(stack, 'azurerm_storage_management_policy').map(
    ([, one]) =>
      [
        `${azureId(stack, one.storage_account_id)}/managementPolicies/default`,
        { properties: { policy: { rules: (one.rule as readonly Attributes[]).map(ruleOf) } } },
      ] as const,
  ),
  ...attributesOf(stack, 'azurerm_postgresql_flexible_server_database').map(
    ([, one]) =>
      [`${azureId(stack, one.server_id)}/databases/${one.name}`, { properties: { charset: 'UTF8' } }] as const,
  ),
  ...attributesOf(stack, 'azurerm_postgresql_flexible_server_virtual_endpoint').map(([, one]) => {
    const members = [one.source_server_id, one.replica_server_id].map((id) => azureId(stack, id).split('/').at(-1));
    const at = `${azureId(stack, one.source_server_id)}/virtualendpoints/${one.name}`;
    return [at, { properties: { endpointType: one.type, members } }] as const;
  }),
];

const kept = (value: unknown): unknown =>
  value === undefined ? { enabled: false } : { enabled: true, days: first(value).days };

const blobs = (one: Attributes): unknown => ({
  properties: {
    isVersioningEnabled: one.versioning_enabled,
    changeFeed: { enabled: one.change_feed_enabled },
    deleteRetentionPolicy: kept(one.delete_retention_policy),
    containerDeleteRetentionPolicy: kept(one.container_delete_retention_policy),
  },
});

function ruleOf(rule: Attributes): unknown {
  const all = first(first(rule.actions).base_blob);
  const old = first(first(rule.actions).version).delete_after_days_since_creation;
  const after = (days: unknown, action: string) =>
    days === undefined ? {} : { [action]: { daysAfterCreationGreaterThan: days } };
  return {
    name: rule.name,
    enabled: true,
    type: 'Lifecycle',
    definition: {
      actions: {
        baseBlob: {
          ...after(all.delete_after_days_since_creation_greater_than, 'delete'),
          ...after(all.tier_to_cool_after_days_since_creation_greater_than, 'tierToCool'),
          ...after(all.tier_to_cold_after_days_since_creation_greater_than, 'tierToCold'),
        },
        ...(old === undefined ? {} : { version: after(old, 'delete') }),
      },
      filters: { blobTypes: ['blockBlob'] },
    },
  };
}
