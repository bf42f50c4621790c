import { startEmbeddedCluster } from '../cluster.js';
import { describeRouter } from './router-cases.js';

describeRouter('the router on the embedded API server', startEmbeddedCluster);
