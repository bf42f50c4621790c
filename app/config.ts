import { type Static, type TObject, type TSchema, Type } from '@sinclair/typebox';
import { Ajv, type ValidateFunction } from 'ajv';
import { ArchiveSettings } from './config-archive.js';
import { checkTogether } from './config-checks.js';
import { choice, databaseUrl, flag, integer, type Notes, number, text } from './config-fields.js';
import { CloudIdentity, KmsSettings } from './config-kms.js';
import { OtherNames, ProviderKeys, readOtherNames, readProviderKeys } from './config-names.js';
import { ArtifactStore, BUCKET_URL, MemoryProvider, NextEmbedding, VectorDb, Vectors } from './config-stores.js';
import { UUID } from './http/validate.js';

/** sysexits.h EX_CONFIG: whoever starts us can tell a wrong configuration from a crash. */
export const EXIT_CONFIG = 78;
export const ROLES = ['memory', 'migrate', 'archive'] as const;
export type AppRole = (typeof ROLES)[number];

const NAME = '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$';
const CIDR = '[0-9a-fA-F.:]{2,45}(/[0-9]{1,3})?';
const HOSTNAME = '[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?';
const ORIGIN = 'https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?';

const Shared = {
  LOG_LEVEL: choice(
    ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    'info',
    'How much is logged; policies.json may change it while running.',
  ),
  MEMPLANE_TENANT: text(NAME, { description: "The tenant's name.", allowed: 'a DNS label' }, { default: 'default' }),
};

/** Whose data it is, and under which name its objects lie. */
const TenantPlace = {
  MEMPLANE_TENANT_ID: text(UUID, {
    description: 'The identity that keys, sealed rows and the audit log are bound to.',
    allowed: 'a UUID',
  }),
  MEMPLANE_NAMESPACE: Type.Optional(
    text(NAME, { description: 'The namespace the keyring lies under. Unset: mem-<tenant>.', allowed: 'a DNS label' }),
  ),
};

/** How the provider of one task is reached. */
const providerSettings = <const T extends 'EMBEDDING' | 'EXTRACTION'>(task: T, words: string) => {
  const settings = {
    ENDPOINT: Type.Optional(
      text('^https?://.+', {
        description: `Where the provider of ${words} is, if not at its own address.`,
        allowed: 'a URL',
      }),
    ),
    API_KEY: Type.Optional(
      text('^[\\x21-\\x7e]{1,4096}$', {
        description: `The key for the provider of ${words}.`,
        allowed: '1 to 4,096 characters',
        secret: true,
      }),
    ),
    TIMEOUT_MS: integer(100, 600_000, 60_000, `How long the provider of ${words} may take, tries included.`),
  };
  type Settings = { readonly [K in keyof typeof settings as `${T}_${K}`]: (typeof settings)[K] };
  return Object.fromEntries(Object.entries(settings).map(([name, schema]) => [`${task}_${name}`, schema])) as Settings;
};

const Memory = Type.Object({
  ...Shared,
  DATABASE_URL: databaseUrl(
    "The tenant's database, with the service's role. May go through PgBouncer in transaction mode.",
  ),
  ...TenantPlace,
  KEYS_BUCKET_URL: text(BUCKET_URL.pattern, {
    description: 'The bucket that holds the keyring.',
    allowed: BUCKET_URL.allowed,
  }),
  ...ArtifactStore,
  ...MemoryProvider,
  ...NextEmbedding,
  ...KmsSettings,
  ...CloudIdentity,
  PORT: integer(0, 65535, 4300, 'The port to listen on; 0 picks a free one. The charts set 8283.'),
  LISTEN_ADDRESS: Type.Optional(
    text('^[0-9a-fA-F.:]+$', { description: 'The address to listen on. Unset: all.', allowed: 'an IP address' }),
  ),
  SERVICE_ENV: text(
    '^[A-Za-z0-9-]{1,32}$',
    {
      description:
        'The environment (dev, staging, prod): a field of every log line, the label environment of every metric, and the end of the default name of the index.',
      allowed: '1 to 32 letters, digits, hyphens',
    },
    { default: 'production' },
  ),
  METRICS_ENABLED: flag(true, 'Whether /metrics answers.'),
  MEMPLANE_PUBLIC_URL: Type.Optional(
    text('^https?://.+', { description: 'Where clients reach this tenant; used in /openapi.json.', allowed: 'a URL' }),
  ),
  MEMPLANE_BOOTSTRAP_KEY: Type.Optional(
    text('^[\\x21-\\x7e]{16,256}$', {
      description: 'Registered as an admin key at start, if not known yet.',
      allowed: 'at least 16 characters',
      secret: true,
    }),
  ),
  MEMPLANE_CONFIG_DIR: Type.Optional(
    text('^/.+', {
      description: 'The folder with policies.json, followed while running.',
      allowed: 'an absolute path',
    }),
  ),
  MEMPLANE_SCRATCH_DIR: Type.Optional(
    text('^/.+', { description: 'A folder for what may be lost.', allowed: 'an absolute path' }),
  ),
  MEMPLANE_TRUSTED_PROXIES: integer(
    0,
    8,
    1,
    "How many proxies in front of us append to X-Forwarded-For; the client's address is that many entries from its end.",
  ),
  POD_NAME: Type.Optional(
    text('^.{1,253}$', { description: 'A field of every log line.', allowed: '1 to 253 characters' }),
  ),
  DATABASE_POOL_SIZE: integer(1, 200, 10, 'Connections to the database.'),
  EMBEDDING_PROVIDER: choice(
    ['local', 'openai', 'google', 'ollama', 'hash', 'none'],
    'local',
    'Who turns text into vectors: a local model, a provider, a seeded hash without meaning (tests, throughput), or the clients alone.',
  ),
  ...providerSettings('EMBEDDING', 'embeddings'),
  EXTRACTION_PROVIDER: choice(
    ['local', 'claude', 'anthropic', 'openai', 'google', 'ollama'],
    'local',
    'Who finds in a conversation what is worth remembering: rules in this process, or a language model. anthropic is claude.',
  ),
  EXTRACTION_MODEL: Type.Optional(
    text('^.{1,200}$', {
      description: "The model's name. Unset: a small one of the provider.",
      allowed: '1 to 200 characters',
    }),
  ),
  ...providerSettings('EXTRACTION', 'extraction'),
  ...ProviderKeys,
  ...OtherNames,
  EMBEDDING_MODEL: Type.Optional(
    text('^.{1,200}$', {
      description: "The model's name. Unset: the provider's own; the local one is universal-sentence-encoder.",
      allowed: '1 to 200 characters',
    }),
  ),
  ...Vectors,
  ...VectorDb,
  MEMPLANE_BACKUP_RETENTION_DAYS: integer(
    0,
    3650,
    35,
    'How long the longest-lived deletable copy of the database lives (backups, WAL, snapshots): an erasure is final after that.',
  ),
  OUTBOX_LEASE_MS: integer(500, 600_000, 30_000, 'How long a worker may hold a batch before another takes it over.'),
  SHUTDOWN_TIMEOUT_MS: integer(0, 600_000, 20_000, 'How long requests in flight may take after SIGTERM.'),
  RATE_LIMIT_REQUESTS: integer(1, 1_000_000, 100, 'Requests a minute for the tenant while policies.json says nothing.'),
  FORGETTING_INTERVAL_HOURS: number(
    { above: 0, to: 8_760, default: 24 },
    'Hours between runs of forgetting while policies.json says nothing.',
  ),
  FORGETTING_THRESHOLD: number(
    { from: 0, to: 1, default: 0.1 },
    'The share of its importance below which a memory is forgotten, while policies.json says nothing.',
  ),
  MAINTENANCE_INTERVAL_HOURS: number(
    { above: 0, to: 8_760, default: 1 },
    'Hours between clean-ups of what has expired, while policies.json says nothing.',
  ),
  CORS_ORIGINS: text(
    `^(${ORIGIN}(\\s*,\\s*${ORIGIN})*)?$`,
    { description: 'Origins that browsers may call from.', allowed: 'http(s) origins, comma separated; no wildcard' },
    { default: '' },
  ),
  MEMPLANE_HOSTNAMES: text(
    `^(${HOSTNAME}(\\s*,\\s*${HOSTNAME})*)?$`,
    {
      description:
        'Further names that /mcp answers to, beside that of MEMPLANE_PUBLIC_URL: against pages that rebind their own.',
      allowed: 'host names, comma separated',
    },
    { default: '' },
  ),
  MEMPLANE_REQUIRE_HTTPS: flag(
    false,
    'Whether a request that its gateway received without TLS (X-Forwarded-Proto: http) is redirected to https.',
  ),
  MEMPLANE_HOT_PATH: flag(
    true,
    'Whether what is called all the time is answered before Express: the same answers for a fraction of the cost.',
  ),
  REDIS_URL: Type.Optional(
    text('^rediss?://.+', {
      description:
        'What limits and caches of all replicas share. Unset, or while it is away: each replica counts and caches alone.',
      allowed: 'redis://user:password@host:port/db, or rediss:// for TLS',
      secret: true,
    }),
  ),
  REDIS_KEY_PREFIX: Type.Optional(
    text('^[\\x21-\\x7e]{1,128}$', {
      description: 'In front of every key in Redis, for a Redis of several tenants. Unset: memplane:<tenant id>:',
      allowed: '1 to 128 visible characters',
    }),
  ),
  MEMPLANE_EGRESS_ALLOW: text(
    `^(${CIDR}(\\s*,\\s*${CIDR})*)?$`,
    {
      description:
        'Private addresses that the service may call although a tenant named them (issuers, webhooks, providers); what policies.json lists counts too.',
      allowed: 'addresses or CIDRs, comma separated',
    },
    { default: '' },
  ),
  MEMPLANE_CA_FILE: Type.Optional(
    text('^/.+', {
      description: 'Certificates of authorities that such calls trust, instead of the well-known ones.',
      allowed: 'an absolute path to a PEM file',
    }),
  ),
  FIELD_ENCRYPTION: flag(true, 'Whether contents and vectors are sealed before they are stored.'),
});

const Migrate = Type.Object({
  ...Shared,
  ...Vectors,
  MIGRATE_DATABASE_URL: databaseUrl("The owner's direct connection: not through a pooler."),
  MEMPLANE_SERVICE_ROLE: text('^[a-z_][a-z0-9_]{0,62}$', {
    description: 'The database role that migrations grant to.',
    allowed: 'a plain role name',
  }),
});

const Archive = Type.Object({
  ...Shared,
  ...TenantPlace,
  DATABASE_URL: databaseUrl(
    "The tenant's database, with the service's role: it reads the log and notes what is archived.",
  ),
  ...ArchiveSettings,
  ...CloudIdentity,
});

export type MemoryConfig = Readonly<
  Omit<Static<typeof Memory>, 'CORS_ORIGINS' | 'MEMPLANE_HOSTNAMES' | 'MEMPLANE_EGRESS_ALLOW' | 'MEMPLANE_NAMESPACE'>
> & {
  readonly CORS_ORIGINS: readonly string[];
  readonly MEMPLANE_HOSTNAMES: readonly string[];
  readonly MEMPLANE_EGRESS_ALLOW: readonly string[];
  readonly MEMPLANE_NAMESPACE: string;
};
export type ArchiveConfig = Readonly<
  Omit<Static<typeof Archive>, 'AUDIT_VERIFIER_KEYS' | 'MEMPLANE_NAMESPACE' | 'AUDIT_BUCKET_URL'>
> & {
  readonly AUDIT_VERIFIER_KEYS: readonly string[];
  readonly AUDIT_BUCKET_URL: string;
  readonly MEMPLANE_NAMESPACE: string;
};
export type MigrateConfig = Readonly<Static<typeof Migrate>>;
export const CONFIG_SCHEMAS: Readonly<Record<AppRole, TObject>> = {
  memory: Memory,
  migrate: Migrate,
  archive: Archive,
};

/** Names that other parts of Memplane read, and that a shared environment may carry past us. */
const FOREIGN = new Set(['MEMPLANE_CACHE', 'MEMPLANE_KUBECONFIG', 'MEMPLANE_STATE', 'MEMPLANE_TEST_POSTGRES_URL']);

export class ConfigError extends Error {}

export const readMemoryConfig = (env: NodeJS.ProcessEnv = process.env): MemoryConfig => {
  const values = validateConfig(Memory, env) as Static<typeof Memory>;
  return Object.freeze({
    ...values,
    ...readProviderKeys(values),
    CORS_ORIGINS: splitList(values.CORS_ORIGINS),
    MEMPLANE_HOSTNAMES: splitList(values.MEMPLANE_HOSTNAMES).map((name) => name.toLowerCase()),
    MEMPLANE_EGRESS_ALLOW: splitList(values.MEMPLANE_EGRESS_ALLOW),
    MEMPLANE_NAMESPACE: values.MEMPLANE_NAMESPACE ?? `mem-${values.MEMPLANE_TENANT}`,
    MEMPLANE_TENANT_ID: values.MEMPLANE_TENANT_ID.toLowerCase(),
    VECTOR_PROVIDER: nameOfProvider(values.VECTOR_PROVIDER),
  });
};

const splitList = (text: string): readonly string[] =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);

export const readMigrateConfig = (env: NodeJS.ProcessEnv = process.env): MigrateConfig => {
  const values = validateConfig(Migrate, env) as MigrateConfig;
  return Object.freeze({ ...values, VECTOR_PROVIDER: nameOfProvider(values.VECTOR_PROVIDER) });
};

export const readArchiveConfig = (env: NodeJS.ProcessEnv = process.env): ArchiveConfig => {
  const values = validateConfig(Archive, env) as Static<typeof Archive>;
  return Object.freeze({
    ...values,
    AUDIT_VERIFIER_KEYS: splitList(values.AUDIT_VERIFIER_KEYS),
    MEMPLANE_NAMESPACE: values.MEMPLANE_NAMESPACE ?? `mem-${values.MEMPLANE_TENANT}`,
    MEMPLANE_TENANT_ID: values.MEMPLANE_TENANT_ID.toLowerCase(),
  });
};

/** The documents' name for vectors in the database. */
const nameOfProvider = (given: string): string => (given === 'postgresql' ? 'pgvector' : given);

const compiled = new Map<TObject, ValidateFunction>();

/** Asked once a process: to check the schema by its own schema and to make the code shorter would take twice as long. */
const validatorOf = (schema: TObject): ValidateFunction => {
  const options = { allErrors: true, coerceTypes: true, useDefaults: true, strict: false } as const;
  const once = { meta: false, validateSchema: false, code: { optimize: false } } as const;
  const validate = compiled.get(schema) ?? new Ajv({ ...options, ...once }).compile(schema);
  compiled.set(schema, validate);
  return validate;
};

/** All that is wrong at once, each with its key, its value and what is allowed. An empty value counts as unset. */
const validateConfig = (schema: TObject, given: NodeJS.ProcessEnv): unknown => {
  const { env, nameOf } = readOtherNames(given);
  const known = new Set(Object.values(CONFIG_SCHEMAS).flatMap(({ properties }) => Object.keys(properties)));
  const values: Record<string, unknown> = {};
  for (const key of Object.keys(schema.properties)) if (env[key]) values[key] = env[key];
  const validate = validatorOf(schema);
  const messages = new Map<string, string>();
  if (!validate(values)) {
    for (const error of validate.errors ?? []) {
      const key = error.keyword === 'required' ? String(error.params.missingProperty) : error.instancePath.slice(1);
      messages.set(nameOf(key), complain(nameOf(key), schema.properties[key], env[key]));
    }
  }
  for (const [key, message] of checkTogether(schema, values)) if (!messages.has(key)) messages.set(key, message);
  for (const key of Object.keys(env)) {
    if (key.startsWith('MEMPLANE_') && !known.has(key) && !FOREIGN.has(key)) {
      messages.set(key, `${key} is not a known key: remove it, or correct its spelling`);
    }
  }
  if (messages.size > 0) throw new ConfigError([...messages.values()].sort().join('\n'));
  return values;
};

const complain = (key: string, schema: (TSchema & Partial<Notes>) | undefined, value: string | undefined): string => {
  const shown = schema?.secret ? '(hidden)' : JSON.stringify(value?.slice(0, 200));
  const instead = value === undefined ? undefined : schema?.instead?.[value.toLowerCase()];
  return [
    `${key}${value ? `=${shown} is not allowed` : ' is required'}`,
    `allowed: ${schema?.allowed ?? 'see the reference'}`,
    ...(instead === undefined ? [] : [instead]),
  ].join('; ');
};
