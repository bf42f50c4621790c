import type { KubeHttpClient } from '../clients/kube-http.js';
import type { Flag, Input, Terminal } from './command.js';

export const KUBECONFIG: Flag = {
  name: 'kubeconfig',
  value: 'FILE',
  summary: 'cluster to ask (MEMPLANE_KUBECONFIG, then as kubectl does)',
};

/** Opens the cluster, does the work and closes it, whatever happens. The client is loaded only here. */
export async function withCluster<T>(
  input: Input,
  { config }: Terminal,
  work: (kube: KubeHttpClient) => Promise<T>,
): Promise<T> {
  const { createKubeClient } = await import('../clients/kube-http.js');
  const kubeconfigPath = input.value('kubeconfig') ?? config.kubeconfig;
  const kube = await createKubeClient({ kubeconfigPath, fieldManager: 'memoryctl', connections: 4 });
  try {
    return await work(kube);
  } finally {
    await kube.close();
  }
}
