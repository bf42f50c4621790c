import type { KMSClient } from '@aws-sdk/client-kms';

export interface OpenedAwsKms {
  readonly sdk: typeof import('@aws-sdk/client-kms');
  readonly client: KMSClient;
}

/** Its own default waits for ever. */
const PATIENCE = { maxAttempts: 4, requestHandler: { connectionTimeout: 3_000, requestTimeout: 10_000 } };

/** Loaded when first needed. The region is the key's; credentials come as the platform gives them to a pod. */
export const openAwsKms = (keyId: string, endpoint?: string): (() => Promise<OpenedAwsKms>) => {
  let opened: Promise<OpenedAwsKms> | undefined;
  return () => {
    opened ??= import('@aws-sdk/client-kms').then((sdk) => {
      const region = /^arn:[\w-]+:kms:([\w-]+):/.exec(keyId)?.[1];
      const place = { ...(region === undefined ? {} : { region }), ...(endpoint === undefined ? {} : { endpoint }) };
      return { sdk, client: new sdk.KMSClient({ ...place, ...PATIENCE }) };
    });
    return opened;
  };
};
