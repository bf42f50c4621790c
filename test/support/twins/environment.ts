/** Of the caller's environment, all but what could name a cloud, an account, a state or another provider. */
const FOREIGN = /^(AWS_|GOOGLE_|GCLOUD_|CLOUDSDK_|ARM_|AZURE_|TF_|CDKTF_|TERRAFORM_)/;

export const withoutForeign = (given: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(given).filter(([name]) => !FOREIGN.test(name)));

/** For `terraform` and `cdktf` on the twins. `rc` is a CLI configuration of our own, so that no other one is read. */
export function twinEnvironment(
  given: NodeJS.ProcessEnv,
  { reattach, rc }: { readonly reattach: string; readonly rc: string },
): NodeJS.ProcessEnv {
  return {
    ...withoutForeign(given),
    TF_REATTACH_PROVIDERS: reattach,
    TF_CLI_CONFIG_FILE: rc,
    TF_IN_AUTOMATION: '1',
    TF_INPUT: '0',
    CHECKPOINT_DISABLE: '1',
  };
}
