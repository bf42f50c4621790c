import { createKubeClient } from '../../../operator/clients/kube-http.js';
import type { TestCluster } from '../../operator/local/cluster.js';
import { startControlPlane } from '../../support/control-plane.js';

/** A real API server; with its controllers, or without them where ours take their place. */
export const startRealCluster = async (controllerManager: boolean): Promise<TestCluster> => {
  const plane = await startControlPlane({ controllerManager });
  const client = await createKubeClient({ kubeconfigPath: plane.kubeconfig, fieldManager: 'test' });
  return {
    kubeconfig: plane.kubeconfig,
    client,
    real: controllerManager,
    stop: async () => {
      await client.close();
      await plane.stop();
    },
  };
};
