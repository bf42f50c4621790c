import { at, numberAt, openRest, type Rest, textAt } from '../rest.js';
import type { Facts, LiveCloud, Target } from '../target.js';
import { SERVICES } from './live-services.js';
import { WATCH } from './live-watch.js';
import { type Ask, type AzureReader, keyIn } from './reading.js';

type Json = Readonly<Record<string, unknown>>;

/** Versions of the API that each answer was written against. */
const VERSIONS = {
  vault: '2023-07-01',
  storage: '2023-05-01',
  postgres: '2024-08-01',
  redis: '2025-04-01',
} as const;

const READERS: Readonly<Record<string, AzureReader>> = {
  ...SERVICES,
  ...WATCH,
  vault: { version: VERSIONS.vault, read: readVault },
  key: { version: VERSIONS.vault, read: readKey },
  bucket: { version: VERSIONS.storage, read: readAccount },
  database: { version: VERSIONS.postgres, read: readServer },
  cache: { version: VERSIONS.redis, read: readCache },
};

/** Azure through Resource Manager alone: one address, one token, and no rights on the data. */
export function openAzure(token: string, endpoint: string | undefined): LiveCloud {
  const rest: Rest = openRest(token, endpoint);
  return {
    about: `Azure${endpoint === undefined ? '' : ` at ${endpoint}`}`,
    async read({ kind, name }: Target, signal) {
      const reader = READERS[kind];
      if (reader === undefined) throw new TypeError(`nobody reads a ${kind}`);
      return await reader.read((path) =>
        rest.get(`https://management.azure.com${name}${path}?api-version=${reader.version}`, signal),
      );
    },
    close: rest.close,
  };
}

async function readVault(ask: Ask): Promise<Facts | undefined> {
  const vault = await ask('');
  if (vault === undefined) return undefined;
  return {
    'purge protection': at(vault, 'properties.enablePurgeProtection') === true,
    'undelete days': numberAt(vault, 'properties.softDeleteRetentionInDays'),
    public: textAt(vault, 'properties.publicNetworkAccess') !== 'Disabled',
    'roles, not policies': at(vault, 'properties.enableRbacAuthorization') === true,
    tier: textAt(vault, 'properties.sku.name')?.toLowerCase(),
  };
}

async function readKey(ask: Ask): Promise<Facts | undefined> {
  const key = await ask('');
  if (key === undefined) return undefined;
  const actions = (at(key, 'properties.rotationPolicy.lifetimeActions') ?? []) as readonly Json[];
  const rotate = actions.find((one) => textAt(one, 'action.type')?.toLowerCase() === 'rotate');
  return {
    enabled: at(key, 'properties.attributes.enabled') !== false,
    type: textAt(key, 'properties.kty'),
    bits: numberAt(key, 'properties.keySize'),
    rotation: textAt(rotate, 'trigger.timeAfterCreate'),
  };
}

async function readAccount(ask: Ask): Promise<Facts | undefined> {
  const account = await ask('');
  if (account === undefined) return undefined;
  const vault = /^https:\/\/([^./]+)\./.exec(
    textAt(account, 'properties.encryption.keyvaultproperties.keyvaulturi') ?? '',
  );
  const key = textAt(account, 'properties.encryption.keyvaultproperties.keyname');
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
  };
}

async function readServer(ask: Ask): Promise<Facts | undefined> {
  const server = await ask('');
  if (server === undefined) return undefined;
  const [required, minimum] = await Promise.all([
    ask('/configurations/require_secure_transport'),
    ask('/configurations/ssl_min_protocol_version'),
  ]);
  return {
    'encryption key': keyIn(textAt(server, 'properties.dataEncryption.primaryKeyURI')),
    'geo backup key': keyIn(textAt(server, 'properties.dataEncryption.geoBackupKeyURI')),
    'PITR days': numberAt(server, 'properties.backup.backupRetentionDays'),
    'geo backup': textAt(server, 'properties.backup.geoRedundantBackup') === 'Enabled',
    availability: textAt(server, 'properties.highAvailability.mode') ?? 'Disabled',
    public: textAt(server, 'properties.network.publicNetworkAccess') !== 'Disabled',
    'TLS required': textAt(required, 'properties.value'),
    'TLS minimum': textAt(minimum, 'properties.value'),
  };
}

async function readCache(ask: Ask): Promise<Facts | undefined> {
  const cache = await ask('');
  if (cache === undefined) return undefined;
  const database = await ask('/databases/default');
  return {
    'encryption key': keyIn(textAt(cache, 'properties.encryption.customerManagedKeyEncryption.keyEncryptionKeyUrl')),
    'high availability': textAt(cache, 'properties.highAvailability') !== 'Disabled',
    TLS: textAt(database, 'properties.clientProtocol'),
    'access keys': textAt(database, 'properties.accessKeysAuthentication') === 'Enabled',
    'snapshots every': textAt(database, 'properties.persistence.rdbFrequency'),
  };
}
