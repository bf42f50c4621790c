import { host, url } from '../address.js';
import { choice, group, integer, list, optional, text } from '../field.js';
import { label, nameRef, secretKeyRef } from '../reference.js';

const tls = group(
  'How the connection is protected.',
  {
    mode: choice(
      'VerifyFull: certificate and host name; VerifyCA: certificate; Disable: plain text.',
      ['VerifyFull', 'VerifyCA', 'Disable'],
      { default: 'VerifyFull' },
    ),
    caSecretRef: optional(secretKeyRef('CA to trust, PEM. Unset: the public ones.')),
  },
  { defaulted: true },
);

const postgres = group('One Postgres server.', {
  name: label('Name of the entry; tenants are placed by it.'),
  host: host('Its address.'),
  port: integer('Its port.', { default: 5432, minimum: 1, maximum: 65_535 }),
  tls,
  adminSecretRef: nameRef('Secret with the keys username and password (and database, unless it is memplane).'),
  readHosts: optional(
    list('Addresses of read replicas.', host('One address.'), { type: 'set', maxItems: 16, acts: false }),
  ),
  pooler: choice('What stands before it.', ['PgBouncer', 'None'], { default: 'None', acts: false }),
  // Postgres' own default.
  maxConnections: integer('Connections it allows.', { default: 100, minimum: 1, maximum: 100_000, acts: false }),
  capacity: integer('Tenants that are placed in it at most, retained ones included.', {
    default: 500,
    minimum: 1,
    maximum: 500,
  }),
  placement: choice('Open takes new tenants; Drain takes none.', ['Open', 'Drain'], { default: 'Open' }),
});

export const postgresList = list('Databases. The first holds the catalogue of tenants.', postgres, {
  type: 'map',
  keys: ['name'],
  minItems: 1,
  maxItems: 20,
});

const qdrant = group('One Qdrant.', {
  name: label('Name of the entry.'),
  url: url('Its address.', 'https|http'),
  apiKeySecretRef: optional(secretKeyRef('Its API key.')),
  collection: optional(text('Collection that pooled tenants share. Unset: made by the operator.', { maxLength: 253 })),
  shards: integer('Shards of the collection.', { default: 6, minimum: 1, maximum: 256 }),
  replicationFactor: integer('Copies of each shard.', { default: 2, minimum: 1, maximum: 16 }),
});

export const qdrantList = list('Vector stores. None: vectors are searched inside the services.', qdrant, {
  type: 'map',
  keys: ['name'],
  maxItems: 20,
  acts: false,
});

const redis = group(
  'One Redis.',
  {
    name: label('Name of the entry.'),
    url: url('Its address.', 'rediss|redis'),
    auth: choice('How clients prove who they are.', ['Password', 'IAM', 'Entra', 'None'], { default: 'Password' }),
    secretRef: optional(nameRef('Secret with the keys username and password.')),
  },
  {
    rules: [
      {
        rule: "self.auth != 'Password' || has(self.secretRef)",
        message: 'redis[].secretRef is missing while auth is Password',
        remedy: 'name the Secret with the password, or set auth to IAM, Entra or None',
      },
    ],
  },
);

export const redisList = list('Caches. None: nothing is cached between pods.', redis, {
  type: 'map',
  keys: ['name'],
  maxItems: 20,
  acts: false,
});

const bucket = (description: string, acts?: boolean) =>
  group(
    description,
    {
      provider: choice('Protocol; file is a folder, for one machine.', ['s3', 'gcs', 'azure', 'file']),
      name: text('Name of the bucket or container; for file the absolute path of the folder.', { maxLength: 1024 }),
      region: optional(text('Region of the bucket.', { maxLength: 64 })),
      endpoint: optional(url('Address of the store. Unset: the usual one.', 'https|http')),
    },
    {
      ...(acts === undefined ? {} : { acts }),
      rules: [
        {
          rule: "self.provider != 'file' || self.name.startsWith('/')",
          message: 'name of a file bucket is not an absolute path',
          remedy: 'begin it with /',
          fieldPath: '.name',
        },
      ],
    },
  );

export const buckets = group('Object stores, one for each purpose, because each is locked differently.', {
  keys: bucket('Keyrings of the tenants: no lock, no versions, in no backup. Who loses it loses every tenant.'),
  keysReplica: optional(bucket('Second region of keys, written and deleted by us.', false)),
  artifacts: optional(bucket('Artifacts of memories.')),
  backups: optional(bucket('Backups, locked for as long as they are kept.', false)),
  backupsReplica: optional(bucket('Second region of backups.', false)),
  audit: optional(bucket('Archived audit events, under lock.')),
  auditReplica: optional(bucket('Second region of audit.', false)),
});
