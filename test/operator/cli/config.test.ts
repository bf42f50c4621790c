import { readConfig, silenceSdk } from '../../../operator/cli/config.js';

describe('what memoryctl takes from the environment', () => {
  it('is what is set, and nothing that is empty', () => {
    const env = { MEMPLANE_KUBECONFIG: 'k', GOOGLE_OAUTH_ACCESS_TOKEN: '', AZURE_ACCESS_TOKEN: 'a' };
    expect(readConfig(env)).toEqual({ kubeconfig: 'k', azureToken: 'a' });
  });

  it('keeps the SDK of AWS from asking whoever runs a command to upgrade Node, unless they want to hear it', () => {
    const env: Record<string, string | undefined> = {};
    silenceSdk(env);
    expect(env).toEqual({ AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' });
    const wanted = { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'false' };
    silenceSdk(wanted);
    expect(wanted.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED).toBe('false');
  });
});
