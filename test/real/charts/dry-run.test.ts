import type { K8sObject } from '../../../charts/manifests/object.js';
import { buildTenant } from '../../../charts/manifests/tenant/build.js';
import { KubeError } from '../../../operator/clients/kube.js';
import type { KubeHttpClient } from '../../../operator/clients/kube-http.js';
import { RESOURCES } from '../../../operator/clients/kube-resources.js';
import { chartFiles, objectsOf, openChartCluster, resourceFor } from '../../support/chart-cluster.js';
import { type ControlPlane, controlPlaneMissing, startControlPlane } from '../../support/control-plane.js';
import { FIXTURES } from '../../support/tenant-options.js';

const missing = controlPlaneMissing();
const title = ({ kind, metadata: { name, namespace } }: K8sObject): string =>
  `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;

const rows: readonly (readonly [source: string, title: string, object: K8sObject])[] = [
  ...chartFiles().flatMap((file) =>
    objectsOf(file).map((object) => [`dist/charts/${file.name}`, title(object), object] as const),
  ),
  ...FIXTURES.flatMap(([name, options]) =>
    buildTenant(options).map((object) => [`the ${name} tenant`, title(object), object] as const),
  ),
];

interface PodTemplate {
  readonly spec: Readonly<Record<string, unknown>>;
  readonly metadata: object;
}

(missing === undefined ? describe : describe.skip)(missing ?? 'a real API server takes every object as it is', () => {
  let plane: ControlPlane;
  let client: KubeHttpClient;

  beforeAll(async () => {
    plane = await startControlPlane();
    client = await openChartCluster(plane.kubeconfig);
    for (const [, , object] of rows) if (object.kind === 'Namespace') await client.apply(RESOURCES.namespaces, object);
  }, 240_000);
  afterAll(async () => {
    await client?.close();
    await plane?.stop();
  });

  it.each(rows)('%s: %s', async (_source, _title, object) => {
    const answer = await client.apply(resourceFor(object), object, { dryRun: true });
    expect(answer.kind).toBe(object.kind);
  });

  it('and refuses one with a field too many, so that the above can fail', async () => {
    const [, , service] = rows.find(([, , { kind }]) => kind === 'Service') ?? [];
    if (service === undefined) throw new Error('there is no Service among the objects');
    const wrong = { ...service, spec: { ...(service.spec as object), ingress: [{}] } };
    await expect(client.apply(RESOURCES.services, wrong, { dryRun: true })).rejects.toThrow(/ingress/);
  });

  describe('pods under the restricted standard', () => {
    const podOf = (name: string): K8sObject => {
      const deployment = rows
        .map(([, , object]) => object)
        .find((o) => o.kind === 'Deployment' && title(o).endsWith(name));
      if (deployment === undefined) throw new Error(`there is no Deployment ${name} among the objects`);
      const { template } = deployment.spec as { readonly template: PodTemplate };
      // Priority classes belong to the cluster's owner; this one has none.
      const { priorityClassName: _, ...spec } = template.spec;
      const namespace = deployment.metadata.namespace ?? '';
      return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'probe', namespace }, spec };
    };

    it.each(['mem-tiny/memory', 'mem-acme/memory', 'memplane-system/memplane-operator'])(
      '%s is admitted',
      async (name) => {
        await client.apply(RESOURCES.pods, podOf(name), { dryRun: true });
      },
    );

    it('one that asks for more is not', async () => {
      const pod = podOf('mem-tiny/memory');
      const greedy = { ...pod, spec: { ...(pod.spec as object), hostNetwork: true } };
      await expect(client.apply(RESOURCES.pods, greedy, { dryRun: true })).rejects.toThrow(KubeError);
      await expect(client.apply(RESOURCES.pods, greedy, { dryRun: true })).rejects.toThrow(/restricted/);
    });
  });
});
