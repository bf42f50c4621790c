import { planeDryRun } from '../../support/plane-dry-run.js';
import { type Embedded, startEmbedded } from '../local/embedded.js';

let embedded: Embedded;
beforeAll(async () => {
  embedded = await startEmbedded();
}, 90_000);
afterAll(() => embedded?.stop());

planeDryRun('the embedded API server', () => embedded.kubeconfig);
