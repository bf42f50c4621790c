import {
  GetObjectLockConfigurationCommand,
  GetObjectRetentionCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { unusableError } from '../errors.js';
import { ask } from '../infra/aws/request.js';
import { UnreadableError } from '../infra/target.js';

export interface VaultPlace {
  readonly bucket: string;
  readonly region?: string;
  readonly endpoint?: string;
}

/** A bucket whose objects nobody deletes before their date, root of the account included. */
export interface Vault {
  /** For how long it keeps what says nothing else; ends the command where that is not under COMPLIANCE. */
  lockDays(): Promise<number>;
  /** false: there is one of this name, which stays as it is. */
  putOnce(name: string, text: string, until: Date): Promise<boolean>;
  lockedUntil(name: string): Promise<Date | undefined>;
  close(): void;
}

const REMEDY =
  'name a bucket that was made with object lock and whose default is COMPLIANCE, such as the audit bucket of the vault';

export function openVault({ bucket: Bucket, region, endpoint }: VaultPlace): Vault {
  const client = new S3Client({
    maxAttempts: 3,
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
  });
  return {
    lockDays: () => lockDays(client, Bucket),
    putOnce: (name, text, until) => putOnce(client, Bucket, name, text, until),
    lockedUntil: async (Key) => {
      const found = await told(client.send(new GetObjectRetentionCommand({ Bucket, Key })), Bucket, [
        'NoSuchObjectLockConfiguration',
      ]);
      return found?.Retention?.Mode === 'COMPLIANCE' ? found.Retention.RetainUntilDate : undefined;
    },
    close: () => client.destroy(),
  };
}

async function lockDays(client: S3Client, Bucket: string): Promise<number> {
  const absent = ['ObjectLockConfigurationNotFoundError', 'NoSuchObjectLockConfiguration'];
  const found = await told(client.send(new GetObjectLockConfigurationCommand({ Bucket })), Bucket, absent);
  const retention = found?.ObjectLockConfiguration?.Rule?.DefaultRetention;
  if (retention?.Mode !== 'COMPLIANCE') {
    const how = retention?.Mode === undefined ? 'locks nothing by itself' : `locks under ${retention.Mode} only`;
    throw unusableError(`${Bucket} ${how}, so somebody could delete what is stored there`, [REMEDY]);
  }
  return retention.Days ?? (retention.Years ?? 0) * 365;
}

async function putOnce(client: S3Client, Bucket: string, Key: string, Body: string, until: Date): Promise<boolean> {
  const command = new PutObjectCommand({
    ...{ Bucket, Key, Body, ContentType: 'application/jsonl', ChecksumAlgorithm: 'SHA256', IfNoneMatch: '*' },
    ...{ ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: until },
  });
  const there = ['PreconditionFailed', 'ConditionalRequestConflict'];
  return (await told(client.send(command), Bucket, there)) !== undefined;
}

/** What the store refuses ends the command, in its words. */
async function told<T>(call: Promise<T>, bucket: string, absent: readonly string[]): Promise<T | undefined> {
  try {
    return await ask(call, absent);
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error;
    const remedies = [
      error.message.startsWith('NoSuchBucket') ? 'correct its name, or ?region=' : 'look at its policy and your rights',
    ];
    throw unusableError(`${bucket} refuses: ${error.message}`, remedies, error);
  }
}
