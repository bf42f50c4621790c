export interface Config {
  /** `AWS_PROVIDER_PIN`: another constraint on the AWS provider than the spec's, to try one that is at hand. */
  readonly awsProviderPin?: string;
  /** `CDKTF_OUTDIR`: where cdktf wants the stacks. */
  readonly outdir?: string;
}

export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const { AWS_PROVIDER_PIN: awsProviderPin, CDKTF_OUTDIR: outdir } = env;
  return Object.freeze({
    ...(awsProviderPin === undefined ? {} : { awsProviderPin }),
    ...(outdir === undefined ? {} : { outdir }),
  });
}
