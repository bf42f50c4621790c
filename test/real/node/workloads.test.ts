import { describeWorkloads } from '../../operator/local/controllers/workload-cases.js';
import { controlPlaneMissing } from '../../support/control-plane.js';
import { startRealCluster } from './cluster.js';

const missing = controlPlaneMissing();
if (missing === undefined) {
  describeWorkloads('our workload controllers on a real API server', () => startRealCluster(false), {
    loopbackEndpoints: false,
  });
} else it.skip(missing, () => undefined);
