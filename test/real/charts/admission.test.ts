import { admissionCases } from '../../charts/admission.cases.js';
import { type AdmissionBench, openAdmissionBench } from '../../support/admission-bench.js';
import { type ControlPlane, controlPlaneMissing, startControlPlane } from '../../support/control-plane.js';

const missing = controlPlaneMissing();

(missing === undefined ? describe : describe.skip)(missing ?? 'admission policies on a real API server', () => {
  let plane: ControlPlane;
  let bench: AdmissionBench;

  beforeAll(async () => {
    plane = await startControlPlane();
    bench = await openAdmissionBench(plane.kubeconfig);
  }, 90_000);
  afterAll(async () => {
    await bench?.close();
    await plane?.stop();
  });

  it.each(admissionCases)('$policy: $title', async (one) => {
    const answer = await bench.attempt(one);
    if (one.refused === undefined) expect(answer).toBeUndefined();
    else expect(answer).toMatch(one.refused);
  });
});
