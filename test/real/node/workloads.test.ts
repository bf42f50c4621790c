import { createKubeClient } from '../../../operator/clients/kube-http.js';
import type { TestCluster } from '../../operator/local/cluster.js';
import { describeWorkloads } from '../../operator/local/controllers/workload-cases.js';
import { controlPlaneMissing, startControlPlane } from '../../support/control-plane.js';

/** A real API server without its controllers: ours must satisfy its validation. */
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
if (missing === undefined) {
  describeWorkloads('our workload controllers on a real API server', startCluster, { loopbackEndpoints: false });
} else it.skip(missing, () => undefined);
