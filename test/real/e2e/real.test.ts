import { describeTenantLife } from '../../e2e/tenant-life.js';
import { type ControlPlane, controlPlaneMissing, startControlPlane } from '../../support/control-plane.js';
import { installGatewayStandIn } from '../../support/gateway-stand-in.js';

const missing = controlPlaneMissing();

if (missing !== undefined) {
  it.skip(`a tenant on a real kube-apiserver: ${missing}`, () => undefined);
} else {
  let controlPlane: ControlPlane | undefined;
  describeTenantLife('a real kube-apiserver', async () => {
    controlPlane = await startControlPlane({ controllerManager: true });
    await installGatewayStandIn(controlPlane.kubeconfig);
    return controlPlane.kubeconfig;
  });
  afterAll(() => controlPlane?.stop(), 60_000);
}
