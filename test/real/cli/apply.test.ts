import { type ControlPlane, controlPlaneMissing, startControlPlane } from '../../support/control-plane.js';
import { planeDryRun } from '../../support/plane-dry-run.js';

const missing = controlPlaneMissing();

(missing === undefined ? describe : describe.skip)(missing ?? 'a real control plane', () => {
  let plane: ControlPlane;
  beforeAll(async () => {
    plane = await startControlPlane();
  }, 240_000);
  afterAll(() => plane?.stop());

  planeDryRun('a real API server', () => plane.kubeconfig);
});
