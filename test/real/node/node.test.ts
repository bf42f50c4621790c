import { createKubeClient } from '../../../operator/clients/kube-http.js';
import type { TestCluster } from '../../operator/local/cluster.js';
import { describeNodeAgent } from '../../operator/local/node/agent-cases.js';
import { controlPlaneMissing, startControlPlane } from '../../support/control-plane.js';

const startCluster = async (): Promise<TestCluster> => {
  const plane = await startControlPlane({ controllerManager: true });
  const client = await createKubeClient({ kubeconfigPath: plane.kubeconfig, fieldManager: 'test' });
  return {
    kubeconfig: plane.kubeconfig,
    client,
    real: true,
    stop: async () => {
      await client.close();
      await plane.stop();
    },
  };
};

const missing = controlPlaneMissing();
if (missing === undefined) describeNodeAgent('the node agent on a real control plane', startCluster);
else it.skip(missing, () => undefined);
