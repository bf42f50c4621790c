import type { K8sObject } from '../../../charts/manifests/object.js';
import { buildTenant } from '../../../charts/manifests/tenant/build.js';
import type { LiveObject } from '../../../operator/clients/kube.js';
import type { KubeHttpClient } from '../../../operator/clients/kube-http.js';
import { RESOURCES } from '../../../operator/clients/kube-resources.js';
import { type Embedded, startEmbedded } from '../../operator/local/embedded.js';
import { chartFiles, objectsOf, openChartCluster, resourceFor } from '../../support/chart-cluster.js';
import { type ControlPlane, controlPlaneMissing, startControlPlane } from '../../support/control-plane.js';
import { FIXTURES } from '../../support/tenant-options.js';
import { comparable } from './comparable.js';

const missing = controlPlaneMissing();
const titleOf = ({ kind, metadata }: K8sObject): string => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;
/** Each name once: fixtures of the same tenant would be updates of one another. */
const rows = [
  ...new Map(
    [...chartFiles().flatMap(objectsOf), ...FIXTURES.flatMap(([, options]) => [...buildTenant(options)])].map(
      (object) => [titleOf(object), object] as const,
    ),
  ),
];

(missing === undefined ? describe : describe.skip)(missing ?? 'what we emit becomes the same object on both', () => {
  let plane: ControlPlane;
  let embedded: Embedded;
  let clients: readonly KubeHttpClient[] = [];

  beforeAll(async () => {
    plane = await startControlPlane();
    embedded = await startEmbedded();
    clients = [await openChartCluster(plane.kubeconfig), await openChartCluster(embedded.kubeconfig)];
    for (const client of clients) {
      for (const [, object] of rows) if (object.kind === 'Namespace') await client.apply(RESOURCES.namespaces, object);
    }
  }, 240_000);
  afterAll(async () => {
    for (const client of clients) await client.close();
    await embedded?.stop();
    await plane?.stop();
  });

  it.each(rows)('%s', async (_title, object) => {
    const [real, own] = await Promise.all(
      clients.map(async (client) => await client.apply(resourceFor(object), object)),
    );
    // The status of a definition is written by a controller of the real server's own, a moment later.
    const shown = (answer: LiveObject | undefined) =>
      comparable(answer?.kind === 'CustomResourceDefinition' ? answer.spec : answer);
    expect(shown(own)).toEqual(shown(real));
  });
});
