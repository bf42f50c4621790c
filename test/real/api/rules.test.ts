import { buildCrds } from '../../../operator/api/v1alpha1/crd.js';
import { ruleCases } from '../../operator/api/rules.cases.js';
import { type ControlPlane, controlPlaneMissing, startControlPlane } from '../../support/control-plane.js';
import { openRuleBench, type RuleBench } from '../../support/rule-attempt.js';

const missing = controlPlaneMissing();

(missing === undefined ? describe : describe.skip)(missing ?? 'a real API server keeps our rules', () => {
  let plane: ControlPlane;
  let bench: RuleBench;

  beforeAll(async () => {
    plane = await startControlPlane();
    bench = await openRuleBench(plane.kubeconfig, buildCrds());
  }, 240_000);
  afterAll(async () => {
    await bench?.close();
    await plane?.stop();
  });

  it.each(ruleCases)('$rule', async ({ accepted, refused }) => {
    expect(await bench.attempt(accepted)).toBeUndefined();
    const answer = await bench.attempt(refused);
    expect(answer).toMatch(refused.message);
    expect(answer).toContain(refused.field);
  });
});
