import { stringify } from 'yaml';

export interface KubeconfigInput {
  readonly url: string;
  readonly caPem: string;
  readonly token: string;
  /** @default admin */
  readonly user?: string;
  readonly namespace?: string;
}

/** A kubeconfig with everything in it: one file is all that kubectl needs. */
export function buildKubeconfig({ url, caPem, token, user = 'admin', namespace }: KubeconfigInput): string {
  const cluster = 'memplane-local';
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: cluster, cluster: { server: url, 'certificate-authority-data': Buffer.from(caPem).toString('base64') } },
    ],
    users: [{ name: user, user: { token } }],
    contexts: [{ name: cluster, context: { cluster, user, ...(namespace === undefined ? {} : { namespace }) } }],
    'current-context': cluster,
  });
}
