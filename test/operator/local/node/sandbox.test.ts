import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RESOURCES } from '../../../../operator/clients/kube-resources.js';
import { type LivePod, LOCAL_PORTS_ANNOTATION } from '../../../../operator/local/kinds.js';
import { createConfigSource } from '../../../../operator/local/node/config-source.js';
import { PortAllocator } from '../../../../operator/local/node/ports.js';
import { ProcessTable } from '../../../../operator/local/node/processes.js';
import { Sandbox } from '../../../../operator/local/node/sandbox.js';
import { silentLog } from '../../../../operator/runtime/log.js';
import { createNamespace, startEmbeddedCluster } from '../cluster.js';

it('a container whose port a stranger has by its next start gets another, and the pod says which', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'memplane-sandbox-'));
  const cluster = await startEmbeddedCluster();
  const container = { name: 'main', image: 'any', ports: [{ name: 'http', containerPort: 80 }] };
  const pod = await cluster.client.create<LivePod>(RESOURCES.pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: await createNamespace(cluster) },
    spec: { automountServiceAccountToken: false, containers: [container] },
  });
  const calls = new AbortController().signal;
  const sandbox = new Sandbox(
    {
      ...{ client: cluster.client, dataDir, calls, nodeName: 'local', log: silentLog, apiServer: undefined },
      ...{ images: { any: ['true'] }, host: { PATH: '/bin', HOME: '/' }, ports: new PortAllocator() },
      source: createConfigSource(cluster.client, calls),
      processes: new ProcessTable(join(dataDir, 'processes')),
      restart: { initialMs: 1, maxMs: 1, resetAfterMs: 1 },
    },
    pod,
  );
  const portOf = async (): Promise<number> => Number((await sandbox.resolveLaunch(container)).env.PORT);
  const said = async (): Promise<unknown> => {
    const now = await cluster.client.get<LivePod>({ ...pod.metadata, resource: RESOURCES.pods });
    return JSON.parse(now?.metadata.annotations?.[LOCAL_PORTS_ANNOTATION] ?? '');
  };
  await sandbox.prepare();
  const first = await portOf();
  expect(await portOf()).toBe(first);
  expect(await said()).toEqual({ http: first });

  const stranger = createServer();
  await new Promise<void>((resolve) => stranger.listen(first, '127.0.0.1', resolve));
  const second = await portOf();
  expect(second).not.toBe(first);
  expect(await said()).toEqual({ http: second });

  await new Promise((resolve) => stranger.close(resolve));
  await cluster.stop();
  rmSync(dataDir, { recursive: true, force: true });
});
