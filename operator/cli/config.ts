/** What memoryctl takes from the environment. Clouds' own variables (AWS_PROFILE, …) are read by their clients. */
export interface CliConfig {
  /** `MEMPLANE_KUBECONFIG`; otherwise KUBECONFIG and ~/.kube/config count, as for kubectl. */
  readonly kubeconfig?: string;
  /** `GOOGLE_OAUTH_ACCESS_TOKEN`, as for Terraform's provider; otherwise gcloud is asked. */
  readonly googleToken?: string;
  /** `AZURE_ACCESS_TOKEN`, for management.azure.com; otherwise az is asked. */
  readonly azureToken?: string;
}

export function readConfig(env: Readonly<Record<string, string | undefined>> = process.env): CliConfig {
  const given = (name: string): string | undefined => env[name] || undefined;
  const kubeconfig = given('MEMPLANE_KUBECONFIG');
  const googleToken = given('GOOGLE_OAUTH_ACCESS_TOKEN');
  const azureToken = given('AZURE_ACCESS_TOKEN');
  return Object.freeze({
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(googleToken === undefined ? {} : { googleToken }),
    ...(azureToken === undefined ? {} : { azureToken }),
  });
}

/**
 * On Node 20 the SDK of AWS says on every command that its versions of next year want a newer one. Ours are pinned, so
 * it is nothing that whoever runs a command could do; who wants to read it sets the variable to something else.
 */
export function silenceSdk(env: Record<string, string | undefined> = process.env): void {
  env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
}
