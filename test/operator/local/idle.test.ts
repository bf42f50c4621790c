import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RESOURCES } from '../../../operator/clients/kube-resources.js';
import { startWorkloadControllers, type WorkloadControllers } from '../../../operator/local/controllers/workloads.js';
import type { LiveDeployment } from '../../../operator/local/kinds.js';
import { type NodeAgent, startNodeAgent } from '../../../operator/local/node/agent.js';
import { type Router, startRouter } from '../../../operator/local/router/router.js';
import { createNamespace, eventually, startEmbeddedCluster, type TestCluster, untilQuiet } from './cluster.js';
import { createLocalImage, type LocalImage } from './node/local-image.js';

describe('a cluster at rest', () => {
  let cluster: TestCluster;
  let image: LocalImage;
  let dataDir: string;
  let agent: NodeAgent;
  let controllers: WorkloadControllers;
  let router: Router;

  beforeAll(async () => {
    image = createLocalImage();
    dataDir = mkdtempSync(join(tmpdir(), 'memplane-idle-'));
    cluster = await startEmbeddedCluster();
    const { client } = cluster;
    agent = await startNodeAgent({ client, dataDir, images: image.images });
    controllers = await startWorkloadControllers({ client });
    router = await startRouter({ client });
  }, 90_000);

  afterAll(async () => {
    await router?.stop();
    await controllers?.stop();
    await agent?.stop({ graceMs: 500 });
    await cluster?.stop();
    image?.remove();
    rmSync(dataDir, { recursive: true, force: true });
  }, 90_000);

  it('writes nothing: its version stays while pods are probed', async () => {
    const namespace = await createNamespace(cluster);
    const labels = { app: 'web' };
    const probe = { httpGet: { path: '/ready', port: 'http' }, periodSeconds: 1, timeoutSeconds: 30 };
    const container = { name: 'main', image: 'test/program', ports: [{ name: 'http', containerPort: 1 }] };
    await cluster.client.create(RESOURCES.services, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace },
      spec: { selector: labels, ports: [{ port: 80, targetPort: 'http' }] },
    });
    await cluster.client.create(RESOURCES.deployments, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace },
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { containers: [{ ...container, readinessProbe: probe, livenessProbe: probe }] },
        },
      },
    });
    await eventually('the deployment is complete', async () => {
      const ref = { resource: RESOURCES.deployments, name: 'web', namespace };
      const deployment = await cluster.client.get<LiveDeployment>(ref);
      return deployment?.status?.availableReplicas === 2 ? true : undefined;
    });
    const version = async (): Promise<string> => (await cluster.client.list(RESOURCES.pods)).resourceVersion;
    // Once the last writes of the rollout are done; each of the probes looks twice in that time.
    expect(await untilQuiet('nothing is written', version, 2_500)).toBe(true);
  }, 90_000);
});
