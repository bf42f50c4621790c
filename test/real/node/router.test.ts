import { createKubeClient } from '../../../operator/clients/kube-http.js';
import type { TestCluster } from '../../operator/local/cluster.js';
import { describeRouter } from '../../operator/local/router/router-cases.js';
import { controlPlaneMissing, startControlPlane } from '../../support/control-plane.js';

const startCluster = async (): Promise<TestCluster> => {
  const plane = await startControlPlane();
  const client = await createKubeClient({ kubeconfigPath: plane.kubeconfig, fieldManager: 'test' });
  return {
    kubeconfig: plane.kubeconfig,
    client,
    real: false,
    stop: async () => {
      await client.close();
      await plane.stop();
    },
  };
};

const missing = controlPlaneMissing();
if (missing === undefined) describeRouter('the router on a real API server', startCluster);
else it.skip(missing, () => undefined);
