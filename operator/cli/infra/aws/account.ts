import { GetPublicAccessBlockCommand, S3ControlClient } from '@aws-sdk/client-s3-control';
import type { Facts, Target } from '../target.js';
import { type AwsOptions, ask, clientConfig } from './request.js';
import { type Service, serviceOf } from './service.js';

/** What the account refuses for every bucket. */
export const openAccount = (options: AwsOptions): Service =>
  serviceOf((region) => new S3ControlClient({ ...clientConfig(region, options), ...oneHost(options) }), readAccount);

/** AWS has a host of each account; a private endpoint or a stand-in has one for all. */
export const oneHost = ({ endpoint }: AwsOptions) =>
  endpoint === undefined
    ? {}
    : { endpointProvider: () => ({ url: new URL(endpoint), headers: {}, properties: {} }), disableHostPrefix: true };

async function readAccount(client: S3ControlClient, { name }: Target): Promise<Facts | undefined> {
  const command = new GetPublicAccessBlockCommand({ AccountId: name });
  const found = await ask(client.send(command), ['NoSuchPublicAccessBlockConfiguration']);
  const said = found?.PublicAccessBlockConfiguration;
  if (said === undefined) return undefined;
  return {
    'public access blocked':
      said.BlockPublicAcls === true &&
      said.BlockPublicPolicy === true &&
      said.IgnorePublicAcls === true &&
      said.RestrictPublicBuckets === true,
  };
}
