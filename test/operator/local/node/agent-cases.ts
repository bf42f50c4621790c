import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import type { Container, PodSpec } from 'kubernetes-types/core/v1.js';
import { RESOURCES } from '../../../../operator/clients/kube-resources.js';
import type { LivePod } from '../../../../operator/local/kinds.js';
import { type NodeAgent, startNodeAgent } from '../../../../operator/local/node/agent.js';
import { readLocalPorts } from '../../../../operator/local/node/ports.js';
import { ProcessTable } from '../../../../operator/local/node/processes.js';
import { createNamespace, eventually, isAlive, requestText, type TestCluster, untilQuiet } from '../cluster.js';
import { createLocalImage, type LocalImage } from './local-image.js';

/** What the node agent does, whatever API server it speaks to. */
export function describeNodeAgent(title: string, startCluster: () => Promise<TestCluster>): void {
  describe(title, () => {
    jest.setTimeout(300_000);
    let cluster: TestCluster;
    let image: LocalImage;
    let agent: NodeAgent;
    let dataDir: string;
    let namespace: string;

    const startAgent = async (): Promise<void> => {
      agent = await startNodeAgent({
        client: cluster.client,
        kubeconfig: cluster.kubeconfig,
        dataDir,
        images: image.images,
        lease: cluster.real,
        kubeletApi: cluster.real,
        restart: { maxMs: 500 },
      });
      cluster.attachLogs?.(agent);
    };

    beforeAll(async () => {
      image = createLocalImage();
      dataDir = mkdtempSync(join(tmpdir(), 'memplane-node-'));
      cluster = await startCluster();
      await startAgent();
      namespace = await createNamespace(cluster);
    }, 300_000);

    afterAll(async () => {
      await agent?.stop({ graceMs: 500 });
      await cluster?.stop();
      image?.remove();
      rmSync(dataDir, { recursive: true, force: true });
    }, 300_000);

    const main = (extra: Partial<Container> = {}): Container => ({
      name: 'main',
      image: 'test/program:1.0',
      args: ['serve'],
      ports: [{ name: 'http', containerPort: 8283 }],
      readinessProbe: {
        httpGet: { path: '/ready', port: 'http' },
        periodSeconds: 1,
        timeoutSeconds: 30,
        failureThreshold: 1,
      },
      ...extra,
    });

    const run = (name: string, spec: Partial<PodSpec>): Promise<LivePod> =>
      cluster.client.create<LivePod>(RESOURCES.pods, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace, labels: { app: name } },
        spec: { terminationGracePeriodSeconds: 2, automountServiceAccountToken: false, containers: [main()], ...spec },
      });

    const read = (name: string): Promise<LivePod | undefined> =>
      cluster.client.get<LivePod>({ resource: RESOURCES.pods, name, namespace });

    const podWith = (name: string, what: string, holds: (pod: LivePod) => boolean, ms?: number): Promise<LivePod> =>
      eventually(
        `${name} ${what}`,
        async () => {
          const pod = await read(name);
          return pod !== undefined && holds(pod) ? pod : undefined;
        },
        ms,
      );

    const isReady = (pod: LivePod): boolean =>
      pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;

    const untilReady = (name: string): Promise<LivePod> => podWith(name, 'is ready', isReady);

    const ask = async (pod: LivePod, path: string): Promise<string> => {
      const response = await fetch(`http://127.0.0.1:${readLocalPorts(pod).http}${path}`);
      return response.text();
    };

    const remove = async (name: string): Promise<void> => {
      await cluster.client.delete({ resource: RESOURCES.pods, name, namespace });
      await eventually(`${name} is gone`, async () => ((await read(name)) === undefined ? true : undefined));
    };

    const logs = async (name: string, options = {}): Promise<string> => {
      let text = '';
      for await (const piece of agent.podLogs(namespace, name, options)) text += piece;
      return text;
    };

    it('binds a pod to itself, runs it, and says so in its status', async () => {
      await run('plain', {});
      const pod = await untilReady('plain');
      expect(pod.spec.nodeName).toBe('local');
      expect(pod.status).toMatchObject({ phase: 'Running', podIP: '127.0.0.1' });
      expect(pod.status?.startTime).toBeDefined();
      expect(pod.status?.conditions?.map(({ type, status }) => `${type}=${status}`)).toEqual(
        expect.arrayContaining(['PodScheduled=True', 'Initialized=True', 'ContainersReady=True', 'Ready=True']),
      );
      expect(pod.status?.containerStatuses?.[0]).toMatchObject({ ready: true, started: true, restartCount: 0 });
      expect(await ask(pod, '/argv')).toBe('["serve"]');
      await remove('plain');
    });

    it('gives a container the environment of its spec and nothing of its own', async () => {
      process.env.SECRET_OF_THE_AGENT = 'x';
      await cluster.client.create(RESOURCES.configMaps, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'settings', namespace },
        data: { LOG_LEVEL: 'info', 'policies.json': '{}' },
      });
      await cluster.client.create(RESOURCES.secrets, {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'database', namespace },
        data: { url: Buffer.from('postgres://x').toString('base64') },
      });
      await run('env', {
        containers: [
          main({
            args: [
              'serve',
              '--config=$(CONFIG_DIR)',
              '$(CONFIG_DIR)/policies.json',
              '$(UNKNOWN)',
              '$$(PORT)',
              '/etc/app',
            ],
            envFrom: [{ configMapRef: { name: 'settings' } }, { secretRef: { name: 'nowhere', optional: true } }],
            env: [
              { name: 'PORT', value: '8283' },
              { name: 'SELF', value: 'http://localhost:$(PORT)' },
              { name: 'DATABASE_URL', valueFrom: { secretKeyRef: { name: 'database', key: 'url' } } },
              { name: 'MISSING', valueFrom: { secretKeyRef: { name: 'nowhere', key: 'x', optional: true } } },
              { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
              { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
              { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
              { name: 'CONFIG_DIR', value: '/etc/app' },
            ],
            volumeMounts: [{ name: 'config', mountPath: '/etc/app' }],
          }),
        ],
        volumes: [{ name: 'config', configMap: { name: 'settings' } }],
      });
      const pod = await untilReady('env');
      const port = String(readLocalPorts(pod).http);
      const env = JSON.parse(await ask(pod, '/env')) as Record<string, string>;
      expect(env).toMatchObject({
        LOG_LEVEL: 'info',
        PORT: port,
        SELF: `http://localhost:${port}`,
        DATABASE_URL: 'postgres://x',
        POD_NAME: 'env',
        POD_IP: '127.0.0.1',
        NODE: 'local',
      });
      expect(Object.keys(env)).not.toEqual(expect.arrayContaining(['MISSING']));
      expect(env['policies.json']).toBeUndefined();
      expect(env.SECRET_OF_THE_AGENT).toBeUndefined();
      const config = env.CONFIG_DIR ?? '';
      expect(config.startsWith(dataDir)).toBe(true);
      expect(JSON.parse(await ask(pod, '/argv'))).toEqual([
        'serve',
        `--config=${config}`,
        `${config}/policies.json`,
        '$(UNKNOWN)',
        '$(PORT)',
        config,
      ]);
      delete process.env.SECRET_OF_THE_AGENT;
      await remove('env');
    });

    it('runs init containers in order before the others', async () => {
      const trace = join(image.directory, 'trace');
      const init = (name: string): Container => ({ name, image: 'test/program', args: ['append', trace, name] });
      await run('ordered', { initContainers: [init('first'), init('second')] });
      const pod = await untilReady('ordered');
      expect(readFileSync(trace, 'utf8')).toBe('first\nsecond\n');
      expect(pod.status?.initContainerStatuses?.map((one) => one.state?.terminated?.exitCode)).toEqual([0, 0]);
      await remove('ordered');
    });

    it('waits with CreateContainerConfigError for a Secret, and starts when it comes', async () => {
      await run('waiting', {
        containers: [main({ env: [{ name: 'KEY', valueFrom: { secretKeyRef: { name: 'later', key: 'k' } } }] })],
      });
      const waiting = await podWith(
        'waiting',
        'waits',
        (pod) => pod.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CreateContainerConfigError',
      );
      expect(waiting.status?.containerStatuses?.[0]?.state?.waiting?.message).toBe('secret "later" not found');
      await cluster.client.create(RESOURCES.secrets, {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'later', namespace },
        data: { k: Buffer.from('v').toString('base64') },
      });
      await untilReady('waiting');
      await remove('waiting');
    });

    it('says ErrImagePull for an image that it has no command for, and names those it has', async () => {
      await run('unknown', { containers: [{ name: 'main', image: 'nginx:1.27' }] });
      const pod = await podWith(
        'unknown',
        'waits',
        (one) => one.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'ErrImagePull',
      );
      expect(pod.status?.phase).toBe('Pending');
      expect(pod.status?.containerStatuses?.[0]?.state?.waiting?.message).toContain('use one of test/program');
      await remove('unknown');
    });

    it('brings a changed ConfigMap to the mounted files within two seconds, without a restart', async () => {
      const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'live', namespace } };
      await cluster.client.create(RESOURCES.configMaps, { ...config, data: { 'policies.json': 'old' } });
      await run('reload', {
        containers: [
          main({
            env: [{ name: 'FILE', value: '/etc/live/policies.json' }],
            volumeMounts: [{ name: 'v', mountPath: '/etc/live' }],
          }),
        ],
        volumes: [{ name: 'v', configMap: { name: 'live' } }],
      });
      const pod = await untilReady('reload');
      const { FILE } = JSON.parse(await ask(pod, '/env')) as { FILE: string };
      const content = (): Promise<string> => ask(pod, `/file?path=${encodeURIComponent(FILE)}`);
      expect(await content()).toBe('old');
      await cluster.client.mergePatch(
        { resource: RESOURCES.configMaps, name: 'live', namespace },
        { data: { 'policies.json': 'new' } },
      );
      await eventually('the file is new', async () => ((await content()) === 'new' ? true : undefined));
      expect((await read('reload'))?.status?.containerStatuses?.[0]?.restartCount).toBe(0);
      await remove('reload');
    });

    it('restarts what crashes with growing delays, and keeps the log of the run before', async () => {
      await run('crash', { containers: [{ name: 'main', image: 'test/program', args: ['exit', '3'] }] });
      const pod = await podWith('crash', 'has crashed twice', (one) => {
        const status = one.status?.containerStatuses?.[0];
        return (status?.restartCount ?? 0) >= 2 && status?.state?.waiting?.reason === 'CrashLoopBackOff';
      });
      expect(pod.status?.containerStatuses?.[0]?.lastState?.terminated).toMatchObject({ exitCode: 3, reason: 'Error' });
      expect(pod.status?.phase).toBe('Running');
      expect(await logs('crash', { previous: true })).toBe('exiting with 3\n');
      await remove('crash');
    });

    it('restarts a container whose liveness probe fails', async () => {
      const probe = {
        httpGet: { path: '/live', port: 8283 },
        initialDelaySeconds: 1,
        periodSeconds: 1,
        timeoutSeconds: 30,
        failureThreshold: 1,
      };
      await run('unlive', { containers: [main({ livenessProbe: probe })] });
      const pod = await untilReady('unlive');
      const before = await ask(pod, '/pid');
      await ask(pod, '/die');
      const again = await podWith(
        'unlive',
        'is restarted',
        (one) => one.status?.containerStatuses?.[0]?.restartCount === 1 && isReady(one),
      );
      expect(await ask(again, '/pid')).not.toBe(before);
      expect(again.status?.containerStatuses?.[0]?.lastState?.terminated?.message).toContain('Liveness probe failed');
      await remove('unlive');
    });

    it('takes readiness away when its probe fails, without a restart', async () => {
      await run('unready', {});
      const pod = await untilReady('unready');
      await ask(pod, '/unready');
      const after = await podWith('unready', 'is unready', (one) => !isReady(one));
      expect(after.status?.containerStatuses?.[0]).toMatchObject({ ready: false, restartCount: 0 });
      await remove('unready');
    });

    it.each([
      ['0', 'Succeeded'],
      ['7', 'Failed'],
    ])('ends a pod that never restarts with exit code %s as %s', async (code, phase) => {
      const name = `once-${code}`;
      await run(name, {
        restartPolicy: 'Never',
        containers: [{ name: 'main', image: 'test/program', args: ['exit', code] }],
      });
      const pod = await podWith(name, `is ${phase}`, (one) => one.status?.phase === phase);
      expect(pod.status?.containerStatuses?.[0]?.state?.terminated?.exitCode).toBe(Number(code));
      expect(await logs(name)).toBe(`exiting with ${code}\n`);
      await remove(name);
    });

    it('lets a deleted pod say goodbye, and kills the whole group of one that will not', async () => {
      const pidFile = join(image.directory, 'grandchild');
      await run('polite', { terminationGracePeriodSeconds: 60 });
      await run('family', { containers: [main({ args: ['family', pidFile] })] });
      await run('stubborn', { terminationGracePeriodSeconds: 1, containers: [main({ args: ['stubborn'] })] });
      const [polite, stubborn, family] = await Promise.all(['polite', 'stubborn', 'family'].map(untilReady));
      if (polite === undefined || stubborn === undefined || family === undefined) throw new Error('not ready');
      const pids = await Promise.all([polite, stubborn, family].map(async (pod) => Number(await ask(pod, '/pid'))));
      const follow = logs('polite', { follow: true });
      await Promise.all(['polite', 'stubborn', 'family'].map(remove));
      expect((await follow).split('\n')).toEqual([expect.stringContaining('listening on'), 'bye', '']);
      const grandchild = Number(readFileSync(pidFile, 'utf8'));
      for (const pid of pids) expect(isAlive(pid)).toBe(false);
      await eventually('the grandchild is gone', () => (isAlive(grandchild) ? undefined : true));
    });

    it('starts a sidecar before the others and ends it after them', async () => {
      const serves = { httpGet: { path: '/ready', port: 'http' }, timeoutSeconds: 30, failureThreshold: 60 };
      const side = main({ name: 'side', restartPolicy: 'Always', startupProbe: serves });
      const only: Container = { name: 'main', image: 'test/program', command: ['true'] };
      await run('beside', {
        ...{ restartPolicy: 'Never', terminationGracePeriodSeconds: 60 },
        ...{ initContainers: [side], containers: [only] },
      });
      const pod = await podWith('beside', 'has succeeded', (one) => one.status?.phase === 'Succeeded');
      const started = pod.status?.initContainerStatuses?.[0]?.state?.terminated;
      expect(started?.exitCode).toBe(0);
      expect(await logs('beside', { container: 'side' })).toMatch(/^listening on \d+\nbye\n$/);
      await remove('beside');
    });

    it('runs commands as probes and as a hook before the end, in the container’s own environment', async () => {
      const container: Container = {
        name: 'main',
        image: 'test/program',
        command: ['sh', '-c', 'touch "$READY"; exec sleep 600'],
        env: [
          { name: 'READY', value: '/scratch/ready' },
          { name: 'TRACE', value: join(image.directory, 'stopped') },
        ],
        volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }],
        startupProbe: {
          ...{ exec: { command: ['cat', '/scratch/ready'] }, periodSeconds: 1 },
          ...{ timeoutSeconds: 30, failureThreshold: 60 },
        },
        lifecycle: { preStop: { exec: { command: ['sh', '-c', 'echo "$READY" > "$TRACE"'] } } },
      };
      await run('hooked', {
        terminationGracePeriodSeconds: 60,
        containers: [container],
        volumes: [{ name: 'scratch', emptyDir: {} }],
      });
      await untilReady('hooked');
      await remove('hooked');
      expect(readFileSync(join(image.directory, 'stopped'), 'utf8')).toContain('/volumes/scratch/ready');
    });

    it('streams logs: tail, timestamps, follow until the container ends', async () => {
      await run('talk', {});
      const pod = await untilReady('talk');
      for (const text of ['one', 'two', 'three']) await ask(pod, `/say?text=${text}`);
      await eventually('the log is there', async () => ((await logs('talk')).includes('three') ? true : undefined));
      expect(await logs('talk', { tailLines: 2 })).toBe('two\nthree\n');
      expect(await logs('talk', { tailLines: 1, timestamps: true })).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z three\n$/);
      const path = `/api/v1/namespaces/${namespace}/pods/talk/log`;
      expect(await requestText(cluster, `${path}?tailLines=1`)).toEqual({ status: 200, text: 'three\n' });
      await expect(logs('talk', { container: 'other' })).rejects.toThrow('use one of main');
      await expect(logs('nobody')).rejects.toMatchObject({ status: 404 });
      await remove('talk');
    });

    it('gives a pod that wants one a kubeconfig for its service account', async () => {
      await cluster.client.create(RESOURCES.serviceAccounts, {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: 'robot', namespace },
      });
      await run('robot', { serviceAccountName: 'robot', automountServiceAccountToken: true });
      const pod = await untilReady('robot');
      const { KUBECONFIG } = JSON.parse(await ask(pod, '/env')) as { KUBECONFIG: string };
      const config = JSON.parse(readFileSync(KUBECONFIG, 'utf8')) as {
        readonly clusters: readonly { readonly cluster: { readonly server: string } }[];
        readonly users: readonly { readonly user: { readonly token: string } }[];
      };
      const claims = config.users[0]?.user.token.split('.')[1] ?? '';
      expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({
        sub: `system:serviceaccount:${namespace}:robot`,
      });
      expect(config.clusters[0]?.cluster.server).toMatch(/^https:\/\/127\.0\.0\.1:\d+/);
      await remove('robot');
    });

    it('writes nothing while nothing happens', async () => {
      await run('quiet', {
        containers: [main({ livenessProbe: { tcpSocket: { port: 'http' }, periodSeconds: 1, timeoutSeconds: 30 } })],
      });
      await untilReady('quiet');
      const version = async () => (await read('quiet'))?.metadata.resourceVersion;
      expect(await untilQuiet('the pod stays as it is', version, 2_200)).toBe(true);
      await remove('quiet');
    });

    it('ends every process when it stops, and goes on with the pods when it is started again', async () => {
      await run('survivor', { terminationGracePeriodSeconds: 1 });
      await run('finished', {
        restartPolicy: 'Never',
        containers: [{ name: 'main', image: 'test/program', args: ['exit', '0'] }],
      });
      await run('lost', { restartPolicy: 'Never', containers: [main()] });
      const pod = await untilReady('survivor');
      await untilReady('lost');
      await podWith('finished', 'has ended', (one) => one.status?.phase === 'Succeeded');
      const pid = Number(await ask(pod, '/pid'));
      await agent.stop({ graceMs: 500 });
      expect(isAlive(pid)).toBe(false);
      // As an agent that was killed would have left it.
      const left = new ProcessTable(join(dataDir, 'processes')).start({
        argv: [process.execPath, '-e', 'setInterval(() => {}, 1000)'],
        env: {},
        cwd: dataDir,
        onOutput: () => undefined,
      });
      await startAgent();
      expect(await left.exited).toMatchObject({ signal: 9 });
      const again = await podWith(
        'survivor',
        'runs again',
        (one) => one.status?.containerStatuses?.[0]?.restartCount === 1 && isReady(one),
      );
      expect(await ask(again, '/ready')).toBe('ready');
      expect(again.status?.containerStatuses?.[0]?.lastState?.terminated?.reason).toBe('ContainerStatusUnknown');
      expect((await podWith('lost', 'has failed', (one) => one.status?.phase === 'Failed')).status?.phase).toBe(
        'Failed',
      );
      expect((await read('finished'))?.status?.phase).toBe('Succeeded');
      for (const name of ['survivor', 'finished', 'lost']) await remove(name);
    });
  });
}
