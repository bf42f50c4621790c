import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { createKubeClient, type KubeHttpClient } from '../../operator/clients/kube-http.js';
import { RESOURCES } from '../../operator/clients/kube-resources.js';

interface Kubeconfig {
  readonly users: readonly { readonly name: string; readonly user: unknown }[];
}
interface TokenRequest {
  readonly status: { readonly token: string };
}

/** A client that is this service account, with a token that the cluster itself made. */
export async function openAs(
  admin: KubeHttpClient,
  adminKubeconfig: string,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  fieldManager: string,
): Promise<KubeHttpClient> {
  const answer = await admin.createSubresource({ resource: RESOURCES.serviceAccounts, namespace, name }, 'token', {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    metadata: { name },
    spec: { audiences: ['https://kubernetes.default.svc'], expirationSeconds: 3600 },
  });
  const { token } = (answer as TokenRequest).status;
  const config: Kubeconfig = parse(readFileSync(adminKubeconfig, 'utf8'));
  const users = config.users.map((user) => ({ name: user.name, user: { token } }));
  const folder = mkdtempSync(join(tmpdir(), 'memplane-asker-'));
  const kubeconfigPath = join(folder, 'kubeconfig');
  writeFileSync(kubeconfigPath, stringify({ ...config, users }), { mode: 0o600 });
  const client = await createKubeClient({ kubeconfigPath, fieldManager });
  return {
    ...client,
    close: async () => {
      await client.close();
      rmSync(folder, { recursive: true });
    },
  };
}
