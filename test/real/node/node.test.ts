import { describeNodeAgent } from '../../operator/local/node/agent-cases.js';
import { controlPlaneMissing } from '../../support/control-plane.js';
import { startRealCluster } from './cluster.js';

const missing = controlPlaneMissing();
if (missing === undefined) describeNodeAgent('the node agent on a real control plane', () => startRealCluster(true));
else it.skip(missing, () => undefined);
