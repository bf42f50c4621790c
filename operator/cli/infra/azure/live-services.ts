import { listed } from '../graph.js';
import { at, numberAt, textAt } from '../rest.js';
import { secondsOf } from './durations.js';
import { type AzureReader, keyIn, reading } from './reading.js';

type Json = Readonly<Record<string, unknown>>;

const isOpen = (answer: Json): boolean => textAt(answer, 'properties.publicNetworkAccess') !== 'Disabled';

export const SERVICES: Readonly<Record<string, AzureReader>> = {
  queue: reading('2024-01-01', (queue) => ({
    'encryption key': busKey(queue),
    'encrypted twice': at(queue, 'properties.encryption.requireInfrastructureEncryption') === true,
    'TLS minimum': textAt(queue, 'properties.minimumTlsVersion'),
    'shared keys': at(queue, 'properties.disableLocalAuth') !== true,
    public: isOpen(queue),
    tier: textAt(queue, 'sku.name'),
  })),
  writes: reading('2024-01-01', (queue) => ({
    'kept seconds': secondsOf(textAt(queue, 'properties.defaultMessageTimeToLive')),
    'hidden seconds': secondsOf(textAt(queue, 'properties.lockDuration')),
    'put aside after': numberAt(queue, 'properties.maxDeliveryCount'),
    'put aside when too old': at(queue, 'properties.deadLetteringOnMessageExpiration') === true,
  })),
  pool: reading('2025-02-01', (pool) => ({
    'encrypted on the host': at(pool, 'properties.enableEncryptionAtHost') === true,
    'public addresses': at(pool, 'properties.enableNodePublicIP') === true,
    system: textAt(pool, 'properties.osSKU'),
    subnet: textAt(pool, 'properties.vnetSubnetID')?.split('/').at(-1),
    'kept for': listed((at(pool, 'properties.nodeTaints') ?? []) as readonly string[]),
  })),
  logs: reading('2022-10-01', (logs) => ({ 'encryption key': logsKey(logs) })),
  link: reading('2020-08-01', (link) => ({
    cluster: textAt(link, 'properties.writeAccessResourceId')?.split('/').at(-1),
  })),
  secret: reading('2023-07-01', (secret) => ({
    enabled: at(secret, 'properties.attributes.enabled') !== false,
    type: textAt(secret, 'properties.contentType'),
  })),
  images: reading('2023-07-01', (images) => ({
    'encryption key': keyIn(textAt(images, 'properties.encryption.keyVaultProperties.keyIdentifier')),
    public: isOpen(images),
    'pulled by anybody': at(images, 'properties.anonymousPullEnabled') === true,
    'a password': at(images, 'properties.adminUserEnabled') === true,
    'carried elsewhere': textAt(images, 'properties.policies.exportPolicy.status') !== 'disabled',
    'untagged kept days':
      textAt(images, 'properties.policies.retentionPolicy.status') === 'enabled'
        ? numberAt(images, 'properties.policies.retentionPolicy.days')
        : undefined,
    'let by': textAt(images, 'properties.networkRuleBypassOptions'),
  })),
  cluster: reading('2025-02-01', (cluster) => ({
    'encryption key':
      at(cluster, 'properties.securityProfile.azureKeyVaultKms.enabled') === true
        ? keyIn(textAt(cluster, 'properties.securityProfile.azureKeyVaultKms.keyId'))
        : undefined,
    'key reached': textAt(cluster, 'properties.securityProfile.azureKeyVaultKms.keyVaultNetworkAccess'),
    disks: textAt(cluster, 'properties.diskEncryptionSetID')?.split('/').at(-1),
    private: at(cluster, 'properties.apiServerAccessProfile.enablePrivateCluster') === true,
    'local accounts': at(cluster, 'properties.disableLocalAccounts') !== true,
    'roles of Azure': at(cluster, 'properties.aadProfile.enableAzureRBAC') === true,
    'workload identity': at(cluster, 'properties.securityProfile.workloadIdentity.enabled') === true,
    'commands from outside': at(cluster, 'properties.apiServerAccessProfile.disableRunCommand') !== true,
    'policies of Azure': at(cluster, 'properties.addonProfiles.azurepolicy.enabled') === true,
    administrators: listed((at(cluster, 'properties.aadProfile.adminGroupObjectIDs') ?? []) as readonly string[]),
    'system encrypted on the host': ((at(cluster, 'properties.agentPoolProfiles') ?? []) as readonly Json[])
      .filter(({ mode }) => mode === 'System')
      .every(({ enableEncryptionAtHost }) => enableEncryptionAtHost === true),
    tier: textAt(cluster, 'sku.tier'),
  })),
  disks: reading('2023-10-02', (disks) => ({
    'encryption key': keyIn(textAt(disks, 'properties.activeKey.keyUrl')),
    encryption: textAt(disks, 'properties.encryptionType'),
    'follows rotation': at(disks, 'properties.rotationToLatestKeyVersionEnabled') === true,
  })),
  log: reading('2023-09-01', (log) => ({
    'kept days': numberAt(log, 'properties.retentionInDays'),
    'shared keys': at(log, 'properties.features.disableLocalAuth') !== true,
    'taken in from outside': textAt(log, 'properties.publicNetworkAccessForIngestion') !== 'Disabled',
  })),
  metrics: reading('2023-04-03', (metrics) => ({ public: isOpen(metrics) })),
  lock: reading('2016-09-01', (lock) => ({ level: textAt(lock, 'properties.level') })),
};

/** `https://<vault>.vault.azure.net` and the name of a key → `<vault>/<key>` */
function busKey(queue: Json): string | undefined {
  const [key] = (at(queue, 'properties.encryption.keyVaultProperties') ?? []) as readonly Json[];
  const vault = /^https:\/\/([^./]+)\./.exec(textAt(key, 'keyVaultUri') ?? '')?.[1];
  const name = textAt(key, 'keyName');
  return vault === undefined || name === undefined ? undefined : `${vault}/${name}`;
}

function logsKey(logs: Json): string | undefined {
  const vault = /^https:\/\/([^./]+)\./.exec(textAt(logs, 'properties.keyVaultProperties.keyVaultUri') ?? '')?.[1];
  const name = textAt(logs, 'properties.keyVaultProperties.keyName');
  return vault === undefined || name === undefined ? undefined : `${vault}/${name}`;
}
