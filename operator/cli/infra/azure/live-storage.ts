import { listed } from '../graph.js';
import { at, numberAt, textAt } from '../rest.js';
import type { Facts } from '../target.js';
import { endText } from './lifecycle.js';
import { type Ask, type AzureReader, reading } from './reading.js';

type Json = Readonly<Record<string, unknown>>;

const VERSION = '2023-05-01';

async function readAccount(ask: Ask): Promise<Facts | undefined> {
  const account = await ask('');
  if (account === undefined) return undefined;
  const vault = /^https:\/\/([^./]+)\./.exec(
    textAt(account, 'properties.encryption.keyvaultproperties.keyvaulturi') ?? '',
  );
  const key = textAt(account, 'properties.encryption.keyvaultproperties.keyname');
  const blobs = await ask('/blobServices/default');
  const lock = at(account, 'properties.immutableStorageWithVersioning.immutabilityPolicy');
  return {
    'encryption key': vault === null || key === undefined ? undefined : `${vault[1]}/${key}`,
    'lock days': numberAt(lock, 'immutabilityPeriodSinceCreationInDays'),
    'lock state': textAt(lock, 'state'),
    'TLS only': at(account, 'properties.supportsHttpsTrafficOnly') === true,
    'TLS minimum': textAt(account, 'properties.minimumTlsVersion'),
    'shared keys': at(account, 'properties.allowSharedKeyAccess') !== false,
    public: textAt(account, 'properties.publicNetworkAccess') !== 'Disabled',
    'copies in': textAt(account, 'sku.name')?.split('_').at(-1),
    'lock of every version': at(account, 'properties.immutableStorageWithVersioning.enabled') === true,
    'appends to the locked': at(lock, 'allowProtectedAppendWrites') === true,
    ...factsOfAccess(account),
    ...factsOfBlobs(blobs),
  };
}

const factsOfAccess = (account: Json): Facts => ({
  'encrypted twice': at(account, 'properties.encryption.requireInfrastructureEncryption') === true,
  'containers may be public': at(account, 'properties.allowBlobPublicAccess') !== false,
  'copied by others': at(account, 'properties.allowCrossTenantReplication') !== false,
  'copied from': textAt(account, 'properties.allowedCopyScope'),
  'local users': at(account, 'properties.isLocalUserEnabled') !== false,
  'network otherwise': textAt(account, 'properties.networkAcls.defaultAction'),
  'let by': listed(textAt(account, 'properties.networkAcls.bypass')?.split(/, */)),
  addresses: listed(
    ((at(account, 'properties.networkAcls.ipRules') ?? []) as readonly Json[]).map((one) => textAt(one, 'value')),
  ),
  'signed links': textAt(account, 'properties.sasPolicy.expirationAction'),
});

const factsOfBlobs = (blobs: Json | undefined): Facts => {
  const days = (policy: string): number | undefined =>
    at(blobs, `properties.${policy}.enabled`) === true ? numberAt(blobs, `properties.${policy}.days`) : undefined;
  return {
    versioning: at(blobs, 'properties.isVersioningEnabled') === true,
    'changes are listed': at(blobs, 'properties.changeFeed.enabled') === true,
    'undelete days': days('deleteRetentionPolicy'),
    'undelete days of containers': days('containerDeleteRetentionPolicy'),
  };
};

export const STORAGE: Readonly<Record<string, AzureReader>> = {
  bucket: { version: VERSION, read: readAccount },
  container: reading(VERSION, (container) => ({
    public: (textAt(container, 'properties.publicAccess') ?? 'None') !== 'None',
  })),
  ends: reading(VERSION, (policy) => ({
    ends: listed(
      ((at(policy, 'properties.policy.rules') ?? []) as readonly Json[])
        .filter(({ enabled }) => enabled !== false)
        .map(endOf),
    ),
  })),
};

const endOf = (rule: Json): string =>
  endText({
    name: textAt(rule, 'name'),
    days: numberAt(rule, 'definition.actions.baseBlob.delete.daysAfterCreationGreaterThan'),
    coolDays: numberAt(rule, 'definition.actions.baseBlob.tierToCool.daysAfterCreationGreaterThan'),
    coldDays: numberAt(rule, 'definition.actions.baseBlob.tierToCold.daysAfterCreationGreaterThan'),
    oldDays: numberAt(rule, 'definition.actions.version.delete.daysAfterCreationGreaterThan'),
  });
