import type { S3Client } from '@aws-sdk/client-s3';

export interface OpenedS3 {
  readonly sdk: typeof import('@aws-sdk/client-s3');
  readonly client: S3Client;
}

/** Its own default waits for ever. */
const PATIENCE = { maxAttempts: 4, requestHandler: { connectionTimeout: 3_000, requestTimeout: 20_000 } };

/** Loaded when first needed: the client is large, and most processes never speak to S3. */
export const openClient = async (
  region: string | undefined,
  endpoint: string | undefined,
  credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string },
): Promise<OpenedS3> => {
  const sdk = await import('@aws-sdk/client-s3');
  const place = endpoint === undefined ? {} : { endpoint, forcePathStyle: true, region: region ?? 'us-east-1' };
  const identity = credentials === undefined ? {} : { credentials };
  const client = new sdk.S3Client({ ...(region === undefined ? {} : { region }), ...place, ...identity, ...PATIENCE });
  return { sdk, client };
};

/** Errors of the SDK are told apart by name; those of the network have a code. */
export const nameOf = (error: unknown): string => {
  if (typeof error !== 'object' || error === null) return 'Unknown';
  const { code, name } = error as { readonly code?: unknown; readonly name?: unknown };
  if (typeof code === 'string') return code;
  return typeof name === 'string' ? name : 'Unknown';
};
