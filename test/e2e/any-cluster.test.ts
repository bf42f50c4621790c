import { describeTenantLife } from './tenant-life.js';

const kubeconfig = process.env.MEMPLANE_KUBECONFIG;

if (kubeconfig === undefined) {
  it.skip('a tenant on any cluster: set MEMPLANE_KUBECONFIG to its kubeconfig', () => undefined);
} else {
  describeTenantLife('the cluster of MEMPLANE_KUBECONFIG', async () => kubeconfig);
}
