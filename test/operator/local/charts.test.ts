import type { K8sObject } from '../../../charts/manifests/object.js';
import { buildTenant } from '../../../charts/manifests/tenant/build.js';
import type { KubeHttpClient } from '../../../operator/clients/kube-http.js';
import { RESOURCES } from '../../../operator/clients/kube-resources.js';
import { chartFiles, objectsOf, openChartCluster, resourceFor } from '../../support/chart-cluster.js';
import { FIXTURES } from '../../support/tenant-options.js';
import { type Embedded, startEmbedded } from './embedded.js';

const objects: readonly K8sObject[] = [
  ...chartFiles().flatMap(objectsOf),
  ...FIXTURES.flatMap(([, options]) => [...buildTenant(options)]),
];

describe('the embedded API server takes what the charts and the operator emit', () => {
  let embedded: Embedded;
  let client: KubeHttpClient;

  beforeAll(async () => {
    embedded = await startEmbedded();
    client = await openChartCluster(embedded.kubeconfig);
    for (const object of objects) if (object.kind === 'Namespace') await client.apply(RESOURCES.namespaces, object);
  });
  afterAll(async () => {
    await client?.close();
    await embedded?.stop();
  });

  it('every object, with every field known; and again, without a new version', async () => {
    expect(objects.length).toBeGreaterThan(50);
    for (const object of objects) {
      const first = await client.apply(resourceFor(object), object);
      const again = await client.apply(resourceFor(object), object);
      expect([object.kind, object.metadata.name, again.metadata.resourceVersion]).toEqual([
        object.kind,
        object.metadata.name,
        first.metadata.resourceVersion,
      ]);
    }
  });
});
