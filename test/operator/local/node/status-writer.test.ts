import { RESOURCES } from '../../../../operator/clients/kube-resources.js';
import type { LivePod } from '../../../../operator/local/kinds.js';
import { StatusWriter } from '../../../../operator/local/node/status-writer.js';
import { silentLog } from '../../../../operator/runtime/log.js';
import { createNamespace, eventually, startEmbeddedCluster, type TestCluster } from '../cluster.js';

describe('the writer of a pod’s status', () => {
  let cluster: TestCluster;
  let pod: LivePod;
  beforeAll(async () => {
    cluster = await startEmbeddedCluster();
    pod = await cluster.client.create<LivePod>(RESOURCES.pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', namespace: await createNamespace(cluster) },
      spec: { containers: [{ name: 'main', image: 'any' }] },
    });
  });
  afterAll(() => cluster.stop());

  const written = async (): Promise<string | undefined> =>
    (await cluster.client.get<LivePod>({ ...pod.metadata, resource: RESOURCES.pods }))?.status?.message;

  /** Between two steps of whoever else waits in this turn. */
  const steps = async (count: number): Promise<void> => {
    for (let step = 0; step < count; step += 1) await undefined;
  };

  it.each(Array.from({ length: 10 }, (_, index) => index))(
    'loses no change that comes %i steps after its last look',
    async (count) => {
      let message = `before ${count}`;
      let last = false;
      const writer = new StatusWriter({
        client: cluster.client,
        pod: () => pod,
        log: silentLog,
        build: () => {
          if (last) {
            last = false;
            void steps(count).then(() => {
              message = `after ${count}`;
              writer.request();
            });
          }
          return { message };
        },
      });
      await writer.flush();
      // Nothing has changed when it looks, so it writes nothing and ends.
      last = true;
      writer.request();
      await eventually('the change is written', async () =>
        (await written()) === `after ${count}` ? true : undefined,
      );
      writer.close();
    },
  );
});
