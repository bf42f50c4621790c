import { describeConformance } from '../../operator/local/conformance/conformance.js';
import { controlPlaneMissing, startControlPlane } from '../../support/control-plane.js';

const missing = controlPlaneMissing();

if (missing === undefined) {
  describeConformance('a real kube-apiserver behaves as the embedded one is held to', async () => {
    const plane = await startControlPlane({ controllerManager: true });
    // Its watch window starts with the process, so revision 1 is always too old.
    return {
      url: plane.url,
      token: plane.token,
      ca: plane.ca,
      forgetHistory: () => undefined,
      stop: () => plane.stop(),
    };
  });
} else {
  describe.skip(missing, () => {
    it('runs the conformance cases', () => undefined);
  });
}
