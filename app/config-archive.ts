import { Type } from '@sinclair/typebox';
import { integer, text } from './config-fields.js';

/** Seven years, and the leap days that may be among them. */
const SEVEN_YEARS = 2_557;

export const ArchiveSettings = {
  AUDIT_BUCKET_URL: text('^(file:///|s3://|gs://|azure://).+', {
    description:
      'The bucket with object lock (S3), object retention (Google) or version-level immutability (Azure) that the log goes to, under <namespace>/<origin>/. A folder locks nothing and says so.',
    allowed:
      's3://bucket?region=…&endpoint=…, gs://bucket?kmsKey=projects/…, azure://container?endpoint=https://…, or file:///path',
  }),
  AUDIT_RETENTION_DAYS: integer(
    365,
    36_500,
    SEVEN_YEARS,
    'For how many days from now nobody can delete what is put there, not even the account’s root (COMPLIANCE; Locked at Google and Azure).',
  ),
  AUDIT_VERIFIER_KEYS: Type.String({
    pattern: '^(\\S+\\+[0-9a-f]{8}\\+[A-Za-z0-9+/=]+(\\s*,\\s*\\S+\\+[0-9a-f]{8}\\+[A-Za-z0-9+/=]+)*)?$',
    default: '',
    description:
      'Verifier keys of the log, as its head shows them: a checkpoint that none of them signed is not archived. Unset: that is left to whoever verifies the archive.',
    allowed: 'verifier keys, comma separated',
  }),
} as const;
