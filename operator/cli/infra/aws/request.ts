import { unusableError } from '../../errors.js';
import { UnreadableError } from '../target.js';

export interface AwsOptions {
  /** All services at one address: a private endpoint, or a stand-in. @default the region's own */
  readonly endpoint?: string;
}

interface AwsError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

export const clientConfig = (region: string, { endpoint }: AwsOptions) => ({
  region,
  maxAttempts: 3,
  ...(endpoint === undefined ? {} : { endpoint }),
});

const DENIED = new Set(['AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation', 'Forbidden']);
const NO_CREDENTIALS = new Set([
  'CredentialsProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidClientTokenId',
  'UnrecognizedClientException',
  'InvalidAccessKeyId',
  'TokenRefreshRequired',
]);

/** One call; undefined for an error that says "there is none". What no other call could survive ends the command. */
export async function ask<T>(call: Promise<T>, absent: readonly string[]): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    const { name, message, code, $metadata } = error as AwsError;
    if (absent.includes(name)) return undefined;
    if (DENIED.has(name) || $metadata?.httpStatusCode === 403) throw new UnreadableError(`${name}: ${message}`, error);
    if (NO_CREDENTIALS.has(name)) {
      throw unusableError(
        `AWS takes no credentials of yours: ${message}`,
        ['sign in: aws sso login, or AWS_PROFILE'],
        error,
      );
    }
    if ($metadata?.httpStatusCode === undefined) {
      throw unusableError(
        `AWS does not answer: ${message || code || name}`,
        ['is the network or --endpoint-url right?'],
        error,
      );
    }
    throw new UnreadableError(`${name}: ${message}`, error);
  }
}

/** One client a region, made when it is needed. */
export function perRegion<C extends { destroy(): void }>(make: (region: string) => C) {
  const clients = new Map<string, C>();
  return {
    of(region: string): C {
      const known = clients.get(region) ?? make(region);
      clients.set(region, known);
      return known;
    },
    close(): void {
      for (const client of clients.values()) client.destroy();
    },
  };
}
