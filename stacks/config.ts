export interface Config {
  /** `AWS_PROVIDER_PIN`: another constraint on the AWS provider than the spec's, to try one that is at hand. */
  readonly awsProviderPin?: string;
}

export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const pin = env.AWS_PROVIDER_PIN;
  return Object.freeze(pin === undefined ? {} : { awsProviderPin: pin });
}
