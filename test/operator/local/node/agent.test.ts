import { startEmbeddedCluster } from '../cluster.js';
import { describeNodeAgent } from './agent-cases.js';

describeNodeAgent('the node agent on the embedded API server', startEmbeddedCluster);
