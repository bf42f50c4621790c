import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeploymentSpec } from 'kubernetes-types/apps/v1.js';
import type { JobSpec } from 'kubernetes-types/batch/v1.js';
import type { LiveObject } from '../../../../operator/clients/kube.js';
import { RESOURCES } from '../../../../operator/clients/kube-resources.js';
import { controllerOf } from '../../../../operator/local/controllers/ownership.js';
import { isReady, isTerminal } from '../../../../operator/local/controllers/pod-state.js';
import {
  startWorkloadControllers,
  type WorkloadControllers,
} from '../../../../operator/local/controllers/workloads.js';
import type {
  LiveCronJob,
  LiveDeployment,
  LiveJob,
  LivePod,
  LiveReplicaSet,
} from '../../../../operator/local/kinds.js';
import { type NodeAgent, startNodeAgent } from '../../../../operator/local/node/agent.js';
import { readLocalPorts } from '../../../../operator/local/node/ports.js';
import { silentLog } from '../../../../operator/runtime/log.js';
import { createReflector } from '../../../../operator/runtime/watch.js';
import { createNamespace, eventually, type TestCluster } from '../cluster.js';
import { createLocalImage, type LocalImage } from '../node/local-image.js';

/** What the workload controllers do together with a node, whatever API server they speak to. */
export interface WorkloadCases {
  /** A real API server refuses EndpointSlices with loopback addresses, and all pods of a local node have one. */
  readonly loopbackEndpoints: boolean;
}

export function describeWorkloads(
  title: string,
  startCluster: () => Promise<TestCluster>,
  { loopbackEndpoints }: WorkloadCases,
): void {
  describe(title, () => {
    let cluster: TestCluster;
    let image: LocalImage;
    let agent: NodeAgent;
    let controllers: WorkloadControllers;
    let dataDir: string;
    let namespace: string;
    /** What the controllers take for the time; undefined: the wall clock. */
    let clock: Date | undefined;

    beforeAll(async () => {
      image = createLocalImage();
      dataDir = mkdtempSync(join(tmpdir(), 'memplane-node-'));
      cluster = await startCluster();
      agent = await startNodeAgent({ client: cluster.client, dataDir, images: image.images, restart: { maxMs: 200 } });
      controllers = await startWorkloadControllers({
        client: cluster.client,
        now: () => clock ?? new Date(),
        jobBackoffMs: 10,
      });
      namespace = await createNamespace(cluster);
    }, 300_000);

    afterAll(async () => {
      await controllers?.stop();
      await agent?.stop({ graceMs: 500 });
      await cluster?.stop();
      image?.remove();
      rmSync(dataDir, { recursive: true, force: true });
    }, 300_000);

    const deploymentSpec = (name: string, extra: Partial<DeploymentSpec>, arg = 'serve'): DeploymentSpec => ({
      replicas: 2,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          terminationGracePeriodSeconds: 1,
          automountServiceAccountToken: false,
          containers: [
            {
              name: 'main',
              image: 'test/program:1',
              args: [arg],
              ports: [{ name: 'http', containerPort: 8283 }],
              readinessProbe: { httpGet: { path: '/ready', port: 'http' }, periodSeconds: 1, timeoutSeconds: 30 },
            },
          ],
        },
      },
      ...extra,
    });

    const deploy = (name: string, extra: Partial<DeploymentSpec> = {}): Promise<LiveDeployment> =>
      cluster.client.create<LiveDeployment>(RESOURCES.deployments, {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name, namespace },
        spec: deploymentSpec(name, extra),
      });

    const patch = (name: string, spec: unknown): Promise<LiveDeployment> =>
      cluster.client.mergePatch<LiveDeployment>({ resource: RESOURCES.deployments, name, namespace }, { spec });

    const withTemplate = (name: string, env: string, imageName = 'test/program:1') => {
      const { template } = deploymentSpec(name, {});
      const [container] = template.spec?.containers ?? [];
      return {
        template: {
          ...template,
          spec: {
            ...template.spec,
            containers: [{ ...container, image: imageName, env: [{ name: 'VERSION', value: env }] }],
          },
        },
      };
    };

    const read = async (name: string): Promise<LiveDeployment> => {
      const found = await cluster.client.get<LiveDeployment>({ resource: RESOURCES.deployments, name, namespace });
      if (found === undefined) throw new Error(`no deployment ${name}`);
      return found;
    };

    const condition = (deployment: LiveDeployment, type: string) =>
      deployment.status?.conditions?.find((one) => one.type === type);

    /** What `kubectl rollout status` waits for. */
    const rolledOut = (name: string): Promise<LiveDeployment> =>
      eventually(`${name} is rolled out`, async () => {
        const deployment = await read(name);
        const { status, spec, metadata } = deployment;
        const wanted = spec.replicas ?? 1;
        const complete =
          status?.observedGeneration === metadata.generation &&
          status?.updatedReplicas === wanted &&
          status.replicas === wanted &&
          status.availableReplicas === wanted;
        return complete ? deployment : undefined;
      });

    const podsOf = async (name: string): Promise<readonly LivePod[]> =>
      (await cluster.client.list<LivePod>(RESOURCES.pods, { namespace, labelSelector: `app=${name}` })).items;

    const setsOf = async (owner: LiveObject): Promise<readonly LiveReplicaSet[]> =>
      (await cluster.client.list<LiveReplicaSet>(RESOURCES.replicaSets, { namespace })).items.filter(
        (set) => controllerOf(set)?.uid === owner.metadata.uid,
      );

    const remove = async (name: string): Promise<void> => {
      await patch(name, { replicas: 0 });
      await eventually(`the pods of ${name} are gone`, async () =>
        (await podsOf(name)).length === 0 ? true : undefined,
      );
      await cluster.client.delete(
        { resource: RESOURCES.deployments, name, namespace },
        { propagationPolicy: 'Background' },
      );
    };

    it('brings up the pods of a Deployment and says Available, then follows its scale', async () => {
      await deploy('plain');
      const deployment = await rolledOut('plain');
      expect(condition(deployment, 'Available')).toMatchObject({ status: 'True', reason: 'MinimumReplicasAvailable' });
      expect(condition(deployment, 'Progressing')).toMatchObject({ status: 'True', reason: 'NewReplicaSetAvailable' });
      const [set, ...others] = await setsOf(deployment);
      expect(others).toEqual([]);
      expect(set?.metadata.name).toMatch(/^plain-[a-z0-9]{10}$/);
      expect((await podsOf('plain')).every((pod) => pod.metadata.labels?.['pod-template-hash'] !== undefined)).toBe(
        true,
      );
      await patch('plain', { replicas: 3 });
      await rolledOut('plain');
      await patch('plain', { replicas: 1 });
      await rolledOut('plain');
      await eventually('one pod is left', async () => ((await podsOf('plain')).length === 1 ? true : undefined));
      await remove('plain');
    }, 300_000);

    it('replaces a pod that somebody deletes', async () => {
      await deploy('heal', { replicas: 1 });
      await rolledOut('heal');
      const [pod] = await podsOf('heal');
      await cluster.client.delete({ resource: RESOURCES.pods, name: pod?.metadata.name ?? '', namespace });
      await eventually('another pod is ready', async () =>
        (await podsOf('heal')).find((one) => one.metadata.uid !== pod?.metadata.uid && isReady(one)),
      );
      await remove('heal');
    }, 300_000);

    it('rolls to a new template within its bounds, and back to the old ReplicaSet', async () => {
      await deploy('roll', { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } });
      const before = await rolledOut('roll');
      const [first] = await setsOf(before);
      // Each state that there was, in order: looks from time to time may miss one.
      const from = { client: cluster.client, namespace, labelSelector: 'app=roll', log: silentLog };
      const pods = createReflector<LivePod>({ ...from, resource: RESOURCES.pods });
      const replicaSets = createReflector<LiveReplicaSet>({ ...from, resource: RESOURCES.replicaSets });
      for (const watch of [pods, replicaSets]) watch.start();
      await Promise.all([pods.synced(), replicaSets.synced()]);
      const active = (): readonly LivePod[] =>
        pods.list().filter((pod) => pod.metadata.deletionTimestamp === undefined);
      const ready: number[] = [];
      pods.onChange(() => ready.push(active().filter(isReady).length));
      // The surge is bound in what is asked for: one ReplicaSet may have created its pod before another has deleted its own.
      const wanted: number[] = [];
      replicaSets.onChange(() =>
        wanted.push(replicaSets.list().reduce((sum, set) => sum + (set.spec.replicas ?? 1), 0)),
      );
      await patch('roll', withTemplate('roll', '2'));
      await rolledOut('roll');
      await eventually('the watch has seen the end', () => (active().length === 2 ? true : undefined));
      await Promise.all([pods.stop(), replicaSets.stop()]);
      expect(Math.max(...wanted)).toBe(3);
      expect(Math.min(...ready)).toBe(2);
      const sets = await setsOf(before);
      expect(sets.map((set) => set.spec.replicas).sort()).toEqual([0, 2]);
      await cluster.client.mergePatch(
        { resource: RESOURCES.deployments, name: 'roll', namespace },
        { spec: { template: before.spec.template } },
      );
      // The merge patch leaves VERSION behind only if the list of containers was not replaced.
      const back = await rolledOut('roll');
      expect(back.metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('3');
      const again = (await setsOf(back)).find((set) => set.metadata.uid === first?.metadata.uid);
      expect(again?.spec.replicas).toBe(2);
      await remove('roll');
    }, 300_000);

    it('never lets pods of two templates run at once when it must Recreate', async () => {
      await deploy('again', { replicas: 1, strategy: { type: 'Recreate' } });
      await rolledOut('again');
      const [old] = await podsOf('again');
      await patch('again', withTemplate('again', '2'));
      await eventually('the new pod is there', async () => {
        const pods = (await podsOf('again')).filter((pod) => !isTerminal(pod));
        const hashes = new Set(pods.map((pod) => pod.metadata.labels?.['pod-template-hash']));
        if (hashes.size > 1) throw new Error('both templates run');
        return pods.find((pod) => pod.metadata.uid !== old?.metadata.uid && isReady(pod));
      });
      await remove('again');
    }, 300_000);

    it('keeps the old pods and says so when the new ones do not come up', async () => {
      await deploy('stuck', { replicas: 1, progressDeadlineSeconds: 2, minReadySeconds: 1 });
      await rolledOut('stuck');
      await patch('stuck', withTemplate('stuck', '2', 'nobody/knows:1'));
      const deployment = await eventually('the deadline is reported', async () => {
        const one = await read('stuck');
        return condition(one, 'Progressing')?.reason === 'ProgressDeadlineExceeded' ? one : undefined;
      });
      expect(condition(deployment, 'Progressing')?.status).toBe('False');
      expect(condition(deployment, 'Available')?.status).toBe('True');
      expect((await podsOf('stuck')).filter(isReady)).toHaveLength(1);
      await remove('stuck');
    }, 300_000);

    const itWithSlices = loopbackEndpoints ? it : it.skip;
    itWithSlices(
      'lists where the pods of a Service really listen',
      async () => {
        await cluster.client.create(RESOURCES.services, {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: { name: 'slices', namespace },
          spec: { selector: { app: 'slices' }, ports: [{ name: 'http', port: 8283, targetPort: 'http' }] },
        });
        await deploy('slices');
        await rolledOut('slices');
        const ports = (await podsOf('slices')).map((pod) => readLocalPorts(pod).http).sort();
        await eventually('the slices are complete', async () => {
          const { items } = await cluster.client.list(RESOURCES.endpointSlices, {
            namespace,
            labelSelector: 'kubernetes.io/service-name=slices',
          });
          const found = items.flatMap((slice) => JSON.stringify(slice).match(/"port":(\d+)/)?.[1] ?? []);
          const ready = items.every((slice) => JSON.stringify(slice).includes('"ready":true'));
          return ready && found.map(Number).sort().join() === ports.join() ? true : undefined;
        });
        await remove('slices');
      },
      300_000,
    );

    const runJob = (name: string, spec: Partial<JobSpec>, arg: string): Promise<LiveJob> =>
      cluster.client.create<LiveJob>(RESOURCES.jobs, {
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: { name, namespace },
        spec: {
          template: {
            metadata: { labels: { job: name } },
            spec: {
              restartPolicy: 'Never',
              automountServiceAccountToken: false,
              containers: [{ name: 'main', image: 'test/program', args: ['exit', arg] }],
            },
          },
          ...spec,
        },
      });

    const jobWith = (name: string, type: string): Promise<LiveJob> =>
      eventually(`${name} is ${type}`, async () => {
        const job = await cluster.client.get<LiveJob>({ resource: RESOURCES.jobs, name, namespace });
        return job?.status?.conditions?.some((one) => one.type === type && one.status === 'True') ? job : undefined;
      });

    it('completes a Job after as many successes as it asks for', async () => {
      await runJob('three', { completions: 3, parallelism: 2 }, '0');
      const job = await jobWith('three', 'Complete');
      expect(job.status?.succeeded).toBe(3);
      expect(job.status?.active ?? 0).toBe(0);
      expect(job.status?.completionTime).toBeDefined();
      expect(job.spec.selector?.matchLabels).toBeDefined();
    }, 300_000);

    it('fails a Job that has failed more often than its limit, and removes it when its time is over', async () => {
      await runJob('bad', { backoffLimit: 1, ttlSecondsAfterFinished: 3_600 }, '5');
      const job = await jobWith('bad', 'Failed');
      expect(job.status).toMatchObject({ failed: 2 });
      expect(job.status?.conditions?.[0]?.reason).toBe('BackoffLimitExceeded');
      clock = new Date(Date.now() + 3_700_000);
      await cluster.client.mergePatch(
        { resource: RESOURCES.jobs, name: 'bad', namespace },
        { metadata: { annotations: { look: 'now' } } },
      );
      await eventually('the job is gone', async () =>
        (await cluster.client.get({ resource: RESOURCES.jobs, name: 'bad', namespace })) === undefined
          ? true
          : undefined,
      );
      clock = undefined;
    }, 300_000);

    it('starts a Job of a CronJob at its time, once', async () => {
      const minute = 60_000;
      // It stands still: between two looks another minute could begin otherwise, and with it another Job.
      clock = new Date(Math.floor(Date.now() / minute) * minute);
      const cron = await cluster.client.create<LiveCronJob>(RESOURCES.cronJobs, {
        apiVersion: 'batch/v1',
        kind: 'CronJob',
        metadata: { name: 'tick', namespace },
        spec: {
          schedule: '* * * * *',
          timeZone: 'Etc/UTC',
          jobTemplate: {
            spec: {
              template: {
                spec: {
                  restartPolicy: 'Never',
                  containers: [{ name: 'main', image: 'test/program', args: ['exit', '0'] }],
                },
              },
            },
          },
        },
      });
      const created = Date.parse(cron.metadata.creationTimestamp ?? '');
      clock = new Date(Math.floor(created / minute) * minute + 1.5 * minute);
      await cluster.client.mergePatch(
        { resource: RESOURCES.cronJobs, name: 'tick', namespace },
        { metadata: { annotations: { look: 'now' } } },
      );
      const job = await eventually('the job is there', async () => {
        const { items } = await cluster.client.list<LiveJob>(RESOURCES.jobs, { namespace });
        const own = items.filter((one) => controllerOf(one)?.uid === cron.metadata.uid);
        expect(own.length).toBeLessThan(2);
        return own[0];
      });
      expect(job.metadata.name).toMatch(/^tick-\d+$/);
      await jobWith(job.metadata.name, 'Complete');
      await eventually('the success is noted', async () => {
        const one = await cluster.client.get<LiveCronJob>({ resource: RESOURCES.cronJobs, name: 'tick', namespace });
        return one?.status?.lastScheduleTime !== undefined && one.status.lastSuccessfulTime !== undefined
          ? true
          : undefined;
      });
      await cluster.client.delete({ resource: RESOURCES.cronJobs, name: 'tick', namespace });
      clock = undefined;
    }, 300_000);
  });
}
