import { admissionCases } from '../../charts/admission.cases.js';
import { type AdmissionBench, openAdmissionBench } from '../../support/admission-bench.js';
import { type ControlPlane, controlPlaneMissing, startControlPlane } from '../../support/control-plane.js';

const missing = controlPlaneMissing();

(missing === undefined ? describe : describe.skip)(missing ?? 'admission policies on a real API server', () => {
  let plane: ControlPlane;
  let bench: AdmissionBench;

  beforeAll(async () => {
    plane = await startControlPlane({ controllerManager: true });
    bench = await openAdmissionBench(plane.kubeconfig);
  }, 240_000);
  afterAll(async () => {
    await bench?.close();
    await plane?.stop();
  });

  it.each(admissionCases)('$policy: $title', async (one) => {
    const answer = await bench.attempt(one);
    if (one.refused === undefined) expect(answer).toBeUndefined();
    else expect(answer).toMatch(one.refused);
  });

  it('a namespace that the operator deletes is gone: no guard stands in the way of the namespace controller', async () => {
    const teardown = admissionCases.find(
      ({ as, request }) =>
        as === 'operator' && request.verb === 'delete' && request.object.metadata.name === 'mem-teardown',
    );
    if (teardown === undefined) throw new Error('no case deletes the namespace mem-teardown');
    const deadline = Date.now() + 60_000;
    while ((await bench.exists(teardown.request.object)) && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(await bench.exists(teardown.request.object)).toBe(false);
  }, 240_000);
});
