import { describeRouter } from '../../operator/local/router/router-cases.js';
import { controlPlaneMissing } from '../../support/control-plane.js';
import { startRealCluster } from './cluster.js';

const missing = controlPlaneMissing();
if (missing === undefined) describeRouter('the router on a real API server', () => startRealCluster(false));
else it.skip(missing, () => undefined);
