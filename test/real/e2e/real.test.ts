import { createKubeClient } from '../../../operator/clients/kube-http.js';
import { RESOURCES } from '../../../operator/clients/kube-resources.js';
import { describeTenantLife } from '../../e2e/tenant-life.js';
import { type ControlPlane, controlPlaneMissing, startControlPlane } from '../../support/control-plane.js';
import { HTTP_ROUTE_STAND_IN } from '../../support/gateway-api.js';

const missing = controlPlaneMissing();

if (missing !== undefined) {
  it.skip(`a tenant on a real kube-apiserver: ${missing}`, () => undefined);
} else {
  let controlPlane: ControlPlane | undefined;
  describeTenantLife('a real kube-apiserver', async () => {
    controlPlane = await startControlPlane({ controllerManager: true });
    const kube = await createKubeClient({ kubeconfigPath: controlPlane.kubeconfig, fieldManager: 'test' });
    await kube.apply(RESOURCES.customResourceDefinitions, HTTP_ROUTE_STAND_IN);
    await kube.close();
    return controlPlane.kubeconfig;
  });
  afterAll(() => controlPlane?.stop(), 240_000);
}
