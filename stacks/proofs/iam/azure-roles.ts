/** What a role permits: of the resource itself, and of the data in it. */
export interface AzureRole {
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
  readonly dataActions: readonly string[];
  readonly notDataActions: readonly string[];
}

const role = (given: Partial<AzureRole>): AzureRole => ({
  actions: [],
  notActions: [],
  dataActions: [],
  notDataActions: [],
  ...given,
});

const KEYS = 'Microsoft.KeyVault/vaults/keys';
const BLOBS = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs';

/** Azure's own roles, by name and by id, as their documentation lists them. One that is not here is refused. */
const BUILT_IN: Readonly<Record<string, AzureRole>> = {
  AcrPull: role({ actions: ['Microsoft.ContainerRegistry/registries/pull/read'] }),
  'Azure Kubernetes Service RBAC Cluster Admin': role({
    dataActions: ['Microsoft.ContainerService/managedClusters/*'],
  }),
  'Azure Kubernetes Service RBAC Reader': role({ dataActions: ['Microsoft.ContainerService/managedClusters/*/read'] }),
  Contributor: role({
    actions: ['*'],
    notActions: [
      'Microsoft.Authorization/*/Delete',
      'Microsoft.Authorization/*/Write',
      'Microsoft.Authorization/elevateAccess/Action',
    ],
  }),
  'Key Vault Contributor': role({
    actions: ['Microsoft.KeyVault/*'],
    notActions: [
      'Microsoft.KeyVault/locations/deletedVaults/purge/action',
      'Microsoft.KeyVault/hsmPools/*',
      'Microsoft.KeyVault/managedHsms/*',
    ],
  }),
  'Key Vault Crypto Officer': role({ dataActions: [`${KEYS}/*`, 'Microsoft.KeyVault/vaults/keyrotationpolicies/*'] }),
  'Key Vault Crypto Service Encryption User': role({
    dataActions: [`${KEYS}/read`, `${KEYS}/wrap/action`, `${KEYS}/unwrap/action`],
  }),
  'Key Vault Crypto User': role({
    dataActions: [
      'read',
      'update/action',
      'backup/action',
      'encrypt/action',
      'decrypt/action',
      'wrap/action',
      'unwrap/action',
      'sign/action',
      'verify/action',
    ].map((one) => `${KEYS}/${one}`),
  }),
  'Key Vault Secrets Officer': role({ dataActions: ['Microsoft.KeyVault/vaults/secrets/*'] }),
  'Key Vault Secrets User': role({
    dataActions: [
      'Microsoft.KeyVault/vaults/secrets/getSecret/action',
      'Microsoft.KeyVault/vaults/secrets/readMetadata/action',
    ],
  }),
  'Locks Contributor': role({ actions: ['Microsoft.Authorization/locks/*'] }),
  'Managed Identity Operator': role({
    actions: [
      'Microsoft.ManagedIdentity/userAssignedIdentities/*/read',
      'Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action',
    ],
  }),
  'Network Contributor': role({ actions: ['Microsoft.Network/*'] }),
  Owner: role({ actions: ['*'] }),
  Reader: role({ actions: ['*/read'] }),
  'Role Based Access Control Administrator': role({
    actions: [
      'Microsoft.Authorization/roleAssignments/write',
      'Microsoft.Authorization/roleAssignments/delete',
      '*/read',
    ],
  }),
  'Storage Blob Data Contributor': role({
    dataActions: [`${BLOBS}/delete`, `${BLOBS}/read`, `${BLOBS}/write`, `${BLOBS}/move/action`, `${BLOBS}/add/action`],
  }),
  'Storage Blob Data Reader': role({ dataActions: [`${BLOBS}/read`] }),
  'Azure Service Bus Data Sender': role({ dataActions: ['Microsoft.ServiceBus/*/send/action'] }),
  'Azure Service Bus Data Receiver': role({ dataActions: ['Microsoft.ServiceBus/*/receive/action'] }),
};

export const builtIn = (name: string): AzureRole | undefined => BUILT_IN[name];

/** Without regard to case, `*` for anything: what is taken away wins within a role. */
export function rolePermits({ actions, notActions, dataActions, notDataActions }: AzureRole, action: string): boolean {
  const has = (listed: readonly string[]): boolean => listed.some((one) => matches(one, action));
  const manages = !DATA.test(action) && has(actions) && !has(notActions);
  return manages || (has(dataActions) && !has(notDataActions));
}

/** The management side does not reach into data, whatever its `*` matches: Azure keeps two lists for that. */
const DATA = /\/(blobs\/|keys\/(?!read$)[\w/]*|secrets\/(getSecret|setSecret|delete|purge|backup|restore))/i;

function matches(pattern: string, action: string): boolean {
  const escaped = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${escaped}$`, 'i').test(action);
}
