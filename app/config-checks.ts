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

const RULES: readonly Rule[] = [
  ...KEY_RULES,
  {
    key: 'VECTOR_DB_ENDPOINT',
    isBroken: (values) => values.VECTOR_PROVIDER === 'qdrant' && !has(values, 'VECTOR_DB_ENDPOINT'),
    message: 'VECTOR_DB_ENDPOINT is required by VECTOR_PROVIDER="qdrant"; allowed: a URL, such as http://qdrant:6333',
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
