import type { TObject } from '@sinclair/typebox';
import { KEY_RULES } from './config-names.js';

type Values = Readonly<Record<string, unknown>>;
interface Rule {
  /** The role that has this name has the rule. */
  readonly key: string;
  readonly isBroken: (values: Values) => boolean;
  readonly message: string;
}

const has = (values: Values, key: string): boolean => values[key] !== undefined;
const isS3 = (values: Values): boolean =>
  has(values, 'S3_BUCKET') || String(values.ARTIFACTS_BUCKET_URL ?? '').startsWith('s3://');

const isRemote = (values: Values): boolean => values.MEMORY_PROVIDER === 'mem0' || values.MEMORY_PROVIDER === 'letta';

const RULES: readonly Rule[] = [
  ...KEY_RULES,
  {
    key: 'VECTOR_DB_ENDPOINT',
    isBroken: (values) => values.VECTOR_PROVIDER === 'qdrant' && !has(values, 'VECTOR_DB_ENDPOINT'),
    message: 'VECTOR_DB_ENDPOINT is required by VECTOR_PROVIDER="qdrant"; allowed: a URL, such as http://qdrant:6333',
  },
  {
    key: 'EMBEDDING_NEXT_DIMENSIONS',
    isBroken: (values) => has(values, 'EMBEDDING_NEXT_PROVIDER') && !has(values, 'EMBEDDING_NEXT_DIMENSIONS'),
    message: 'EMBEDDING_NEXT_DIMENSIONS is required by EMBEDDING_NEXT_PROVIDER; allowed: 1 to 4096',
  },
  ...['MODEL', 'ENDPOINT', 'API_KEY', 'DIMENSIONS'].map((name) => ({
    key: `EMBEDDING_NEXT_${name}`,
    isBroken: (values: Values) => has(values, `EMBEDDING_NEXT_${name}`) && !has(values, 'EMBEDDING_NEXT_PROVIDER'),
    message: `EMBEDDING_NEXT_${name} belongs to EMBEDDING_NEXT_PROVIDER: set that, or remove it`,
  })),
  {
    key: 'EMBEDDING_NEXT_PROVIDER',
    isBroken: (values) => has(values, 'EMBEDDING_NEXT_PROVIDER') && values.VECTOR_PROVIDER !== 'embedded',
    message:
      'EMBEDDING_NEXT_PROVIDER works with VECTOR_PROVIDER="embedded": an index outside has the dimensions of one model; configure the new model there and ask for POST /api/v1/reembed without dual_write',
  },
  {
    key: 'MEMORY_PROVIDER_API_KEY',
    isBroken: (values) =>
      !has(values, 'MEMORY_PROVIDER_API_KEY') &&
      (values.MEMORY_PROVIDER === 'mem0' ||
        (values.MEMORY_PROVIDER === 'letta' && !has(values, 'MEMORY_PROVIDER_URL'))),
    message:
      'MEMORY_PROVIDER_API_KEY is required by this MEMORY_PROVIDER, or the other name of it (MEM0_API_KEY, LETTA_API_KEY); only a Letta of your own, at MEMORY_PROVIDER_URL, may have none',
  },
  ...['MEMORY_PROVIDER_URL', 'MEMORY_PROVIDER_API_KEY'].map((key) => ({
    key,
    isBroken: (values: Values) => has(values, key) && !isRemote(values),
    message: `${key} belongs to a provider that keeps memories elsewhere, and MEMORY_PROVIDER names none: set it to mem0 or letta, or remove it`,
  })),
  ...['MEM0_ORG_ID', 'MEM0_PROJECT_ID'].map((key) => ({
    key,
    isBroken: (values: Values) => has(values, key) && values.MEMORY_PROVIDER !== 'mem0',
    message: `${key} belongs to MEMORY_PROVIDER="mem0": set that, or remove it`,
  })),
  {
    key: 'LETTA_EMBEDDING',
    isBroken: (values) => has(values, 'LETTA_EMBEDDING') && values.MEMORY_PROVIDER !== 'letta',
    message: 'LETTA_EMBEDDING belongs to MEMORY_PROVIDER="letta": set that, or remove it',
  },
  {
    key: 'S3_BUCKET',
    isBroken: (values) => has(values, 'S3_BUCKET') && has(values, 'ARTIFACTS_BUCKET_URL'),
    message: 'S3_BUCKET and ARTIFACTS_BUCKET_URL both name the bucket of artifacts: remove one',
  },
  ...['S3_ENDPOINT', 'S3_REGION', 'S3_ACCESS_KEY', 'S3_SECRET'].map((key) => ({
    key,
    isBroken: (values: Values) => has(values, key) && !isS3(values),
    message: `${key} belongs to a bucket of S3, and none is named: set S3_BUCKET, or remove it`,
  })),
  {
    key: 'S3_SECRET',
    isBroken: (values) => has(values, 'S3_ACCESS_KEY') && !has(values, 'S3_SECRET'),
    message: 'S3_SECRET is required by S3_ACCESS_KEY',
  },
  {
    key: 'S3_ACCESS_KEY',
    isBroken: (values) => has(values, 'S3_SECRET') && !has(values, 'S3_ACCESS_KEY'),
    message: 'S3_ACCESS_KEY is required by S3_SECRET',
  },
];

/** What is wrong between values that are right alone, by key. */
export const checkTogether = (schema: TObject, values: Values): ReadonlyMap<string, string> =>
  new Map(
    RULES.filter(({ key, isBroken }) => key in schema.properties && isBroken(values)).map(({ key, message }) => [
      key,
      message,
    ]),
  );
