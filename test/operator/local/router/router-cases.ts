import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { RESOURCES } from '../../../../operator/clients/kube-resources.js';
import { isReady } from '../../../../operator/local/controllers/pod-state.js';
import type { LivePod } from '../../../../operator/local/kinds.js';
import { type NodeAgent, startNodeAgent } from '../../../../operator/local/node/agent.js';
import { type Router, startRouter } from '../../../../operator/local/router/router.js';
import { HTTP_ROUTE_STAND_IN } from '../../../support/gateway-api.js';
import { createNamespace, eventually, isAlive, type TestCluster } from '../cluster.js';
import { createLocalImage, type LocalImage } from '../node/local-image.js';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** fetch cannot set Host, which is what the router decides by. */
function ask(url: string, host?: string, options: { method?: string; body?: Buffer } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(url, {
      method: options.method ?? 'GET',
      ...(host === undefined ? {} : { headers: { host } }),
    });
    outgoing.once('error', reject);
    outgoing.once('response', (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.once('error', reject);
      response.once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(pieces).toString(),
        }),
      );
    });
    outgoing.end(options.body);
  });
}

interface Held {
  readonly first: string;
  readonly ended: () => boolean;
  release(): void;
}

/** A request that a pod has begun to answer, and goes on with until it is released. */
function hold(url: string, host: string): Promise<Held> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(url, { headers: { host }, agent: false });
    outgoing.once('error', reject);
    outgoing.once('response', (response) => {
      response.on('error', () => undefined);
      response.once('data', (piece: Buffer) =>
        resolve({
          first: piece.toString(),
          ended: () => response.complete || response.destroyed,
          release: () => outgoing.destroy(),
        }),
      );
    });
    outgoing.end();
  });
}

/** What the router does, whatever API server it speaks to. */
export function describeRouter(title: string, startCluster: () => Promise<TestCluster>): void {
  describe(title, () => {
    jest.setTimeout(300_000);
    let cluster: TestCluster;
    let image: LocalImage;
    let agent: NodeAgent;
    let router: Router;
    let dataDir: string;
    let namespace: string;
    let file: string;

    beforeAll(async () => {
      image = createLocalImage();
      dataDir = mkdtempSync(join(tmpdir(), 'memplane-router-'));
      file = join(dataDir, 'endpoints.json');
      cluster = await startCluster();
      agent = await startNodeAgent({ client: cluster.client, dataDir: join(dataDir, 'node'), images: image.images });
      namespace = await createNamespace(cluster);
      for (const name of ['acme', 'globex', 'empty']) await createService(name);
      await Promise.all(['acme-1', 'acme-2', 'globex-1'].map(runPod));
      const known = await cluster.client.list(RESOURCES.httpRoutes).then(
        () => true,
        () => false,
      );
      if (!known) await cluster.client.create(RESOURCES.customResourceDefinitions, HTTP_ROUTE_STAND_IN);
      await eventually('HTTPRoutes are served', () => cluster.client.list(RESOURCES.httpRoutes));
      await createRoute('acme', ['acme.memory.example.com']);
      await createRoute('globex', ['globex.localhost']);
      await createRoute('empty', ['empty.localhost']);
      await createIngress('initech');
      router = await startRouter({ client: cluster.client, endpointsFile: file });
      await eventually('all tenants have endpoints', () =>
        Object.keys(router.endpoints()).length === 4 ? true : undefined,
      );
    }, 300_000);

    afterAll(async () => {
      await router?.stop();
      await agent?.stop({ graceMs: 500 });
      await cluster?.stop();
      image?.remove();
      rmSync(dataDir, { recursive: true, force: true });
    }, 300_000);

    const createService = (name: string) =>
      cluster.client.create(RESOURCES.services, {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name, namespace },
        spec: { selector: { app: name }, ports: [{ name: 'http', port: 8283, targetPort: 'http' }] },
      });

    const runPod = async (name: string): Promise<LivePod> => {
      await cluster.client.create(RESOURCES.pods, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace, labels: { app: name.split('-')[0] ?? '' } },
        spec: {
          terminationGracePeriodSeconds: 1,
          automountServiceAccountToken: false,
          containers: [
            {
              name: 'main',
              image: 'test/program',
              args: ['serve'],
              env: [{ name: 'POD_NAME', value: name }],
              ports: [{ name: 'http', containerPort: 8283 }],
              readinessProbe: {
                httpGet: { path: '/ready', port: 'http' },
                periodSeconds: 1,
                timeoutSeconds: 30,
                failureThreshold: 1,
              },
            },
          ],
        },
      });
      return eventually(`${name} is ready`, async () => {
        const pod = await cluster.client.get<LivePod>({ resource: RESOURCES.pods, name, namespace });
        return pod !== undefined && isReady(pod) ? pod : undefined;
      });
    };

    const createRoute = (tenant: string, hostnames: readonly string[]) =>
      cluster.client.create(RESOURCES.httpRoutes, {
        apiVersion: 'gateway.networking.k8s.io/v1',
        kind: 'HTTPRoute',
        metadata: { name: tenant, namespace, labels: { 'memplane.dev/tenant': tenant } },
        spec: {
          hostnames,
          rules: [
            { matches: [{ path: { type: 'PathPrefix', value: '/' } }], backendRefs: [{ name: tenant, port: 8283 }] },
            {
              matches: [{ path: { type: 'PathPrefix', value: '/other' } }],
              backendRefs: [{ name: 'globex', port: 8283 }],
            },
          ],
        },
      });

    const createIngress = (tenant: string) =>
      cluster.client.create(RESOURCES.ingresses, {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'Ingress',
        metadata: { name: tenant, namespace, labels: { 'memplane.dev/tenant': tenant } },
        spec: {
          rules: [
            {
              host: `${tenant}.localhost`,
              http: {
                paths: [
                  { path: '/', pathType: 'Prefix', backend: { service: { name: 'globex', port: { number: 8283 } } } },
                ],
              },
            },
          ],
        },
      });

    const main = (path: string): string => `http://127.0.0.1:${router.port}${path}`;

    it('routes by host name: the route’s own, and <tenant>.localhost, with or without a port', async () => {
      for (const host of ['acme.memory.example.com', `acme.localhost:${router.port}`, 'ACME.localhost']) {
        expect((await ask(main('/name'), host)).body).toMatch(/^acme-/);
      }
      expect((await ask(main('/name'), 'globex.localhost')).body).toBe('globex-1');
      expect((await ask(main('/other'), 'acme.localhost')).status).toBe(404);
    });

    it('serves a tenant that only an Ingress names', async () => {
      expect((await ask(main('/name'), 'initech.localhost')).body).toBe('globex-1');
    });

    it('gives each tenant a plain port, and says where in a file', async () => {
      const written = JSON.parse(readFileSync(file, 'utf8')) as ReturnType<Router['endpoints']>;
      expect(written).toEqual(router.endpoints());
      expect(written.acme).toMatchObject({ url: `http://acme.localhost:${router.port}`, namespace });
      const { direct = '' } = written.acme ?? {};
      expect((await ask(`${direct}/name`)).body).toMatch(/^acme-/);
    });

    it('answers an unknown host with the hosts that it knows', async () => {
      const answer = await ask(main('/'), 'nobody.localhost');
      expect(answer.status).toBe(404);
      expect(answer.headers['content-type']).toBe('application/problem+json');
      expect(JSON.parse(answer.body)).toMatchObject({
        title: 'Not Found',
        hosts: expect.arrayContaining(['acme.localhost', 'acme.memory.example.com', 'globex.localhost']),
      });
    });

    it('asks to come back when no pod is ready', async () => {
      const answer = await ask(main('/'), 'empty.localhost');
      expect(answer.status).toBe(503);
      expect(answer.headers['retry-after']).toBe('1');
      expect(JSON.parse(answer.body).detail).toContain(`no pod of Service ${namespace}/empty is ready`);
    });

    it('passes on method, path, query, headers and who asked', async () => {
      const { body } = await ask(main('/headers?x=1'), 'acme.localhost');
      expect(JSON.parse(body)).toMatchObject({
        host: 'acme.localhost',
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-host': 'acme.localhost',
        'x-forwarded-proto': 'http',
      });
    });

    it('streams bodies both ways', async () => {
      const large = Buffer.alloc(3_000_000, 'abcdefgh');
      const echoed = await ask(main('/echo'), 'acme.localhost', { method: 'POST', body: large });
      expect(echoed.body).toBe(large.toString());
      // The pod has not ended its answer, and what it has said is here.
      const held = await hold(main('/hold'), 'acme.localhost');
      expect([held.first, held.ended()]).toEqual(['held', false]);
      held.release();
    });

    it('sends a request to the pod with the fewest under way', async () => {
      const held = await hold(main('/hold'), 'acme.localhost');
      const names: string[] = [];
      for (let asked = 0; asked < 8; asked += 1) names.push((await ask(main('/name'), 'acme.localhost')).body);
      expect(held.ended()).toBe(false);
      expect(new Set(names).size).toBe(1);
      held.release();
      await eventually('both are asked', async () => {
        const idle = await Promise.all(Array.from({ length: 10 }, () => ask(main('/name'), 'acme.localhost')));
        return new Set(idle.map(({ body }) => body)).size === 2 ? true : undefined;
      });
    });

    it('tries another pod when one refuses the connection or breaks off, without a body lost', async () => {
      const pid = Number((await ask(main('/pid'), 'acme.localhost')).body);
      const reads = Promise.all(Array.from({ length: 8 }, () => ask(main('/name'), 'acme.localhost')));
      process.kill(pid, 'SIGKILL');
      expect((await reads).map(({ status }) => status)).toEqual(Array(8).fill(200));
      await eventually('the process is gone', () => (isAlive(pid) ? undefined : true));
      const writes = await Promise.all(
        Array.from({ length: 6 }, () =>
          ask(main('/echo'), 'acme.localhost', { method: 'POST', body: Buffer.from('kept') }),
        ),
      );
      expect(writes.map(({ status, body }) => `${status} ${body}`)).toEqual(Array(6).fill('200 kept'));
    });

    it('forgets a tenant whose route is gone', async () => {
      await createService('hooli');
      await createRoute('hooli', ['hooli.localhost']);
      const { direct } = await eventually('the endpoint is there', () => router.endpoints().hooli);
      await eventually('the file names it', () =>
        readFileSync(file, 'utf8').includes('hooli.localhost') ? true : undefined,
      );
      await cluster.client.delete({ resource: RESOURCES.httpRoutes, name: 'hooli', namespace });
      await eventually('the endpoint is gone', () => (router.endpoints().hooli === undefined ? true : undefined));
      await eventually('the port is closed', () =>
        ask(direct).then(
          () => undefined,
          () => true,
        ),
      );
      expect((await ask(main('/'), 'hooli.localhost')).status).toBe(404);
      await eventually('the file says so', () =>
        readFileSync(file, 'utf8').includes('hooli.localhost') ? undefined : true,
      );
    });

    it('takes its file away when it stops', async () => {
      const own = join(dataDir, 'brief.json');
      const brief = await startRouter({ client: cluster.client, endpointsFile: own });
      await eventually('its file is there', () => (existsSync(own) ? true : undefined));
      await brief.stop();
      expect(existsSync(own)).toBe(false);
    });
  });
}
