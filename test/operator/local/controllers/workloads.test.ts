import { startEmbeddedCluster } from '../cluster.js';
import { describeWorkloads } from './workload-cases.js';

describeWorkloads('the workload controllers on the embedded API server', startEmbeddedCluster, {
  loopbackEndpoints: true,
});
