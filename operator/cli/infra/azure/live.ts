import { listed } from '../graph.js';
import { at, numberAt, openRest, type Rest, textAt } from '../rest.js';
import type { Facts, LiveCloud, Target } from '../target.js';
import { ASSIGNMENTS } from './live-assignments.js';
import { NETWORK } from './live-network.js';
import { SERVICES } from './live-services.js';
import { STORAGE } from './live-storage.js';
import { WATCH } from './live-watch.js';
import { type Ask, type AzureReader, keyIn, listOf, reading } from './reading.js';

type Json = Readonly<Record<string, unknown>>;

/** Versions of the API that each answer was written against. */
const VERSIONS = {
  vault: '2023-07-01',
  postgres: '2024-08-01',
  redis: '2025-04-01',
} as const;

const READERS: Readonly<Record<string, AzureReader>> = {
  ...SERVICES,
  ...WATCH,
  ...NETWORK,
  ...ASSIGNMENTS,
  vault: { version: VERSIONS.vault, read: readVault },
  key: { version: VERSIONS.vault, read: readKey },
  ...STORAGE,
  database: { version: VERSIONS.postgres, read: readServer },
  cache: { version: VERSIONS.redis, read: readCache },
  'inner database': reading(VERSIONS.postgres, () => ({ there: true })),
  'common name': reading(VERSIONS.postgres, (one) => ({
    kind: textAt(one, 'properties.endpointType'),
    servers: listed((at(one, 'properties.members') ?? []) as readonly string[]),
  })),
};

/** Azure through Resource Manager alone: one address, one token, and no rights on the data. */
export function openAzure(token: string, endpoint: string | undefined): LiveCloud {
  const rest: Rest = openRest(token, endpoint);
  return {
    about: `Azure${endpoint === undefined ? '' : ` at ${endpoint}`}`,
    async read({ kind, name }: Target, signal) {
      const reader = READERS[kind];
      if (reader === undefined) throw new Error(`nobody reads a ${kind}`);
      const ask: Ask = (path, elsewhere) => {
        if (path.startsWith('https://')) return rest.get(path, signal);
        const { from = name, version = reader.version } = elsewhere ?? {};
        const joint = path.includes('?') ? '&' : '?';
        return rest.get(`https://management.azure.com${from}${path}${joint}api-version=${version}`, signal);
      };
      return await reader.read(ask, name);
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
    'network otherwise': textAt(vault, 'properties.networkAcls.defaultAction'),
    'let by': textAt(vault, 'properties.networkAcls.bypass'),
    addresses: listed(
      ((at(vault, 'properties.networkAcls.ipRules') ?? []) as readonly Json[]).map((one) => textAt(one, 'value')),
    ),
    tier: textAt(vault, 'properties.sku.name')?.toLowerCase(),
  };
}

async function readKey(ask: Ask): Promise<Facts | undefined> {
  const key = await ask('');
  if (key === undefined) return undefined;
  const actions = (at(key, 'properties.rotationPolicy.lifetimeActions') ?? []) as readonly Json[];
  const actionOf = (type: string) => actions.find((one) => textAt(one, 'action.type')?.toLowerCase() === type);
  const [rotate, notify] = [actionOf('rotate'), actionOf('notify')];
  return {
    enabled: at(key, 'properties.attributes.enabled') !== false,
    type: textAt(key, 'properties.kty'),
    bits: numberAt(key, 'properties.keySize'),
    rotation: textAt(rotate, 'trigger.timeAfterCreate'),
    'versions end after': textAt(key, 'properties.rotationPolicy.attributes.expiryTime'),
    'told before': textAt(notify, 'trigger.timeBeforeExpiry'),
    may: listed((at(key, 'properties.keyOps') ?? []) as readonly string[]),
    curve: textAt(key, 'properties.curveName'),
  };
}

async function readServer(ask: Ask): Promise<Facts | undefined> {
  const server = await ask('');
  if (server === undefined) return undefined;
  const parameters = (await listOf(ask, '/configurations')).map(
    (one) => [`parameter ${one.name}`, textAt(one, 'properties.value')] as const,
  );
  const said = new Map(parameters);
  return {
    'encryption key': keyIn(textAt(server, 'properties.dataEncryption.primaryKeyURI')),
    'geo backup key': keyIn(textAt(server, 'properties.dataEncryption.geoBackupKeyURI')),
    'PITR days': numberAt(server, 'properties.backup.backupRetentionDays'),
    'geo backup': textAt(server, 'properties.backup.geoRedundantBackup') === 'Enabled',
    availability: textAt(server, 'properties.highAvailability.mode') ?? 'Disabled',
    public: textAt(server, 'properties.network.publicNetworkAccess') !== 'Disabled',
    'TLS required': said.get('parameter require_secure_transport'),
    'TLS minimum': said.get('parameter ssl_min_protocol_version'),
    ...Object.fromEntries(said),
    'sign-in by Entra': textAt(server, 'properties.authConfig.activeDirectoryAuth') === 'Enabled',
    'sign-in by password': textAt(server, 'properties.authConfig.passwordAuth') !== 'Disabled',
    subnet: textAt(server, 'properties.network.delegatedSubnetResourceId')?.split('/').at(-1),
  };
}

async function readCache(ask: Ask): Promise<Facts | undefined> {
  const cache = await ask('');
  if (cache === undefined) return undefined;
  const database = await ask('/databases/default');
  return {
    'encryption key': keyIn(textAt(cache, 'properties.encryption.customerManagedKeyEncryption.keyEncryptionKeyUrl')),
    'high availability': textAt(cache, 'properties.highAvailability') !== 'Disabled',
    public: textAt(cache, 'properties.publicNetworkAccess') !== 'Disabled',
    'when full': textAt(database, 'properties.evictionPolicy'),
    TLS: textAt(database, 'properties.clientProtocol'),
    'access keys': textAt(database, 'properties.accessKeysAuthentication') === 'Enabled',
    'snapshots every': textAt(database, 'properties.persistence.rdbFrequency'),
  };
}
