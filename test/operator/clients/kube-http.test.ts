import { readFileSync, writeFileSync } from 'node:fs';
import type { K8sObject } from '../../../charts/manifests/object.js';
import { KubeError, type LiveObject } from '../../../operator/clients/kube.js';
import type { RequestSample } from '../../../operator/clients/kube-caller.js';
import { createKubeClient, type KubeClientOptions, type KubeHttpClient } from '../../../operator/clients/kube-http.js';
import { RESOURCES } from '../../../operator/clients/kube-resources.js';
import {
  type Script,
  type ScriptedServer,
  sendJson,
  startScriptedServer,
  statusOf,
  until,
} from '../../support/scripted-server.js';

const configMap = (name: string, resourceVersion = '1'): LiveObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'ns', uid: `uid-${name}`, resourceVersion },
});

const bare: K8sObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'ns' } };
const ref = { resource: RESOURCES.configMaps, name: 'a', namespace: 'ns' };

let server: ScriptedServer | undefined;
let client: KubeHttpClient | undefined;
const samples: RequestSample[] = [];

const connect = async (script: Script, options: Partial<KubeClientOptions> = {}) => {
  samples.length = 0;
  const started = await startScriptedServer(script);
  server = started;
  const created = await createKubeClient({
    kubeconfigPath: started.kubeconfig,
    fieldManager: 'tester',
    metrics: (sample) => samples.push(sample),
    ...options,
  });
  client = created;
  return { server: started, client: created };
};

afterEach(async () => {
  await client?.close();
  await server?.close();
  client = undefined;
  server = undefined;
});

const failure = async (promise: Promise<unknown>): Promise<KubeError> => {
  const error = await promise.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (!(error instanceof KubeError)) throw new Error(`expected a KubeError, got ${String(error)}`);
  return error;
};

describe('what goes over the wire', () => {
  it('applies with our field manager, by force, strictly, with the bytes of the object', async () => {
    const { client, server } = await connect((_request, response) => sendJson(response, 200, configMap('a')));
    await client.apply(RESOURCES.configMaps, bare, { dryRun: true });
    expect(server.received).toMatchObject([
      {
        method: 'PATCH',
        path: '/api/v1/namespaces/ns/configmaps/a',
        query: { fieldManager: 'tester', fieldValidation: 'Strict', force: 'true', dryRun: 'All' },
        headers: { 'content-type': 'application/apply-patch+yaml', authorization: 'Bearer first' },
        body: JSON.stringify(bare),
      },
    ]);
  });

  it('knows the paths of core, grouped, cluster-scoped and subresource requests', async () => {
    const { client, server } = await connect((_request, response) => sendJson(response, 200, configMap('a')));
    await client.get({ resource: RESOURCES.namespaces, name: 'mem-acme' });
    await client.create(RESOURCES.configMaps, bare);
    await client.mergePatch(
      { resource: RESOURCES.deployments, name: 'memory', namespace: 'ns' },
      { status: {} },
      { subresource: 'status' },
    );
    const account = { resource: RESOURCES.serviceAccounts, name: 'memory', namespace: 'ns' };
    await client.createSubresource(account, 'token', {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: { name: 'memory' },
    });
    expect(server.received.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /api/v1/namespaces/mem-acme',
      'POST /api/v1/namespaces/ns/configmaps',
      'PATCH /apis/apps/v1/namespaces/ns/deployments/memory/status',
      'POST /api/v1/namespaces/ns/serviceaccounts/memory/token',
    ]);
  });

  it('refuses, before any request, a reference that has no path', async () => {
    const { client, server } = await connect((_request, response) => sendJson(response, 200, {}));
    const pods = { resource: RESOURCES.pods, name: 'p' };
    await expect(client.get(pods)).rejects.toThrow('Pod "p" is namespaced, but no namespace was given');
    await expect(client.get({ ...pods, namespace: 'n', name: '' })).rejects.toThrow('a Pod without a name has no path');
    const namespaced = { resource: RESOURCES.nodes, name: 'n', namespace: 'ns' };
    await expect(client.get(namespaced)).rejects.toThrow('Node is cluster-scoped, but namespace "ns" was given');
    expect(server.received).toHaveLength(0);
  });

  it('deletes with preconditions, and takes what is gone already for deleted', async () => {
    const { client, server } = await connect((_request, response) =>
      sendJson(response, 404, statusOf(404, 'NotFound', 'gone')),
    );
    await client.delete(ref, { uid: 'u', resourceVersion: '7', propagationPolicy: 'Background' });
    expect(JSON.parse(server.received[0]?.body ?? '')).toEqual({
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      preconditions: { uid: 'u', resourceVersion: '7' },
      propagationPolicy: 'Background',
    });
  });

  it('reads all pages, and gives the items the kind that lists leave out', async () => {
    const { client, server } = await connect(
      ({ query }, response) => {
        const second = query.continue === 'more';
        const { apiVersion: _apiVersion, kind: _kind, ...item } = configMap(second ? 'b' : 'a');
        sendJson(response, 200, {
          metadata: { resourceVersion: '9', ...(second ? {} : { continue: 'more' }) },
          items: [item],
        });
      },
      { pageSize: 1 },
    );
    const { items, resourceVersion } = await client.list(RESOURCES.configMaps, { labelSelector: 'a=b' });
    expect(items).toEqual([configMap('a'), configMap('b')]);
    expect(resourceVersion).toBe('9');
    expect(server.received.map(({ query }) => query)).toEqual([
      { limit: '1', labelSelector: 'a=b' },
      { limit: '1', continue: 'more', labelSelector: 'a=b' },
    ]);
  });

  it('reads everything at once when the snapshot behind the pages has expired', async () => {
    const { client } = await connect(
      ({ query }, response) => {
        if (query.continue !== undefined) sendJson(response, 410, statusOf(410, 'Expired', 'too old'));
        else if (query.limit !== undefined) {
          sendJson(response, 200, { metadata: { resourceVersion: '1', continue: 'c' }, items: [configMap('a')] });
        } else sendJson(response, 200, { metadata: { resourceVersion: '2' }, items: [configMap('a'), configMap('b')] });
      },
      { pageSize: 1 },
    );
    const { items } = await client.list(RESOURCES.configMaps);
    expect(items.map(({ metadata }) => metadata.name)).toEqual(['a', 'b']);
  });
});

describe('failures', () => {
  it("carries the server's reason, message and details", async () => {
    const details = { causes: [{ field: 'spec.x', message: 'no' }] };
    const { client } = await connect((_request, response) =>
      sendJson(response, 422, statusOf(422, 'Invalid', 'ConfigMap "a" is invalid: spec.x: no', details)),
    );
    const error = await failure(client.apply(RESOURCES.configMaps, bare));
    expect(error).toMatchObject({
      status: 422,
      reason: 'Invalid',
      message: 'ConfigMap "a" is invalid: spec.x: no',
      details,
    });
  });

  it('quotes an answer that is no Status, such as that of a proxy', async () => {
    const { client } = await connect((_request, response) => response.writeHead(502).end('<h1>Bad Gateway</h1>'));
    const error = await failure(client.get(ref));
    expect(error.message).toBe('GET /api/v1/namespaces/ns/configmaps/a: HTTP 502: <h1>Bad Gateway</h1>');
  });

  it('names the server and what to look at when the connection is refused', async () => {
    const { client, server: gone } = await connect(() => undefined);
    await gone.close();
    const error = await failure(client.get(ref));
    expect(error).toMatchObject({ status: 0, reason: 'ServerUnreachable' });
    expect(error.message).toBe(
      `cannot reach the API server ${gone.url}: connection refused: is the API server running there? (GET /api/v1/namespaces/ns/configmaps/a)`,
    );
    expect(error.cause).toBeDefined();
  });

  it('gives up on a server that does not answer in time', async () => {
    const { client } = await connect(() => undefined, { timeoutMs: 50 });
    const error = await failure(client.get(ref));
    expect(error.message).toContain('no answer within the time limit');
  });

  it("rejects with the caller's own reason when the caller aborts", async () => {
    const { client, server } = await connect(() => undefined);
    const abort = new AbortController();
    const getting = client.get(ref, abort.signal);
    await until('the request arrived', () => server.received.length === 1);
    const reason = new Error('changed my mind');
    abort.abort(reason);
    await expect(getting).rejects.toBe(reason);
    await until('its socket is gone', () => server.openSockets <= 1 && server.openedSockets <= 2);
  });

  it('says what is wrong with the kubeconfig, and what to do', async () => {
    const started = await startScriptedServer(() => undefined);
    server = started;
    const messageFor = async (kubeconfigPath: string): Promise<string> =>
      (await failure(createKubeClient({ kubeconfigPath, fieldManager: 'tester' }))).message;
    expect(await messageFor('/nowhere/kubeconfig')).toMatch(
      /^cannot read the kubeconfig \/nowhere\/kubeconfig: ENOENT.*; name a readable file$/,
    );
    const text = readFileSync(started.kubeconfig, 'utf8');
    writeFileSync(started.kubeconfig, text.replace('"current-context":"x"', '"current-context":"y"'));
    expect(await messageFor(started.kubeconfig)).toBe(
      `the kubeconfig's current-context "y" names no cluster; choose one with "kubectl config use-context"`,
    );
    writeFileSync(started.kubeconfig, text.replace(/http:[^"]*/, 'nonsense'));
    expect(await messageFor(started.kubeconfig)).toBe(
      `the kubeconfig's cluster "c" has server "nonsense", which is not a URL`,
    );
  });

  it('reports every attempt by verb and status', async () => {
    const { client } = await connect((_request, response, count) =>
      count === 1
        ? sendJson(response, 429, statusOf(429, 'TooManyRequests', 'busy'), { 'retry-after': '0' })
        : sendJson(response, 200, configMap('a')),
    );
    await client.get(ref);
    expect(samples.map(({ verb, resource, status }) => [verb, resource, status])).toEqual([
      ['get', 'configmaps', 429],
      ['get', 'configmaps', 200],
    ]);
  });
});

describe('trying again', () => {
  const busy = (code: number, reason: string, retryAfter: string | undefined): Script => {
    const headers = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
    return (_request, response) => sendJson(response, code, statusOf(code, reason, 'busy'), headers);
  };

  it('waits as long as the server asks for', async () => {
    const { client } = await connect((request, response, count) =>
      count === 1
        ? busy(503, 'ServiceUnavailable', '1')(request, response, count)
        : sendJson(response, 200, configMap('a')),
    );
    const started = Date.now();
    await client.get(ref);
    expect(Date.now() - started).toBeGreaterThanOrEqual(990);
  });

  it('is bounded, and then tells how long the server wants to be left alone', async () => {
    const { client, server } = await connect(busy(429, 'TooManyRequests', '0'));
    await failure(client.apply(RESOURCES.configMaps, bare));
    expect(server.received).toHaveLength(4);
  });

  it('leaves a longer wait to the caller', async () => {
    const { client, server } = await connect(busy(429, 'TooManyRequests', '60'));
    const error = await failure(client.get(ref));
    expect(error.retryAfterSeconds).toBe(60);
    expect(server.received).toHaveLength(1);
  });

  it('repeats what is safe after a lost connection, but not a create', async () => {
    const { client, server } = await connect((_request, response, count) =>
      count % 2 === 1 ? response.destroy() : sendJson(response, 200, configMap('a')),
    );
    await client.apply(RESOURCES.configMaps, bare);
    expect(server.received).toHaveLength(2);
    const error = await failure(client.create(RESOURCES.configMaps, bare));
    expect(error.reason).toBe('ConnectionLost');
    expect(server.received).toHaveLength(3);
  });

  it('repeats a create that the server did not begin', async () => {
    const { client, server } = await connect((request, response, count) =>
      count === 1
        ? busy(429, 'TooManyRequests', '0')(request, response, count)
        : sendJson(response, 201, configMap('a')),
    );
    await client.create(RESOURCES.configMaps, bare);
    expect(server.received).toHaveLength(2);
  });

  it('does not repeat a plain 500: that is for the work queue', async () => {
    const { client, server } = await connect(busy(500, 'InternalError', undefined));
    await failure(client.get(ref));
    expect(server.received).toHaveLength(1);
  });
});

describe('credentials', () => {
  it('reads the kubeconfig again when its token is no longer accepted', async () => {
    const { client, server } = await connect(({ headers }, response) =>
      headers.authorization === 'Bearer second'
        ? sendJson(response, 200, configMap('a'))
        : sendJson(response, 401, statusOf(401, 'Unauthorized', 'Unauthorized')),
    );
    server.writeKubeconfig({ token: 'second' });
    await client.get(ref);
    expect(server.received.map(({ headers }) => headers.authorization)).toEqual(['Bearer first', 'Bearer second']);
  });

  it('asks only once more', async () => {
    const { client, server } = await connect((_request, response) =>
      sendJson(response, 401, statusOf(401, 'Unauthorized', 'Unauthorized')),
    );
    const error = await failure(client.get(ref));
    expect(error.reason).toBe('Unauthorized');
    expect(server.received).toHaveLength(2);
  });

  it('gets a token from an exec plugin, and shows why when the plugin fails', async () => {
    const started = await startScriptedServer((_request, response) => sendJson(response, 200, configMap('a')));
    server = started;
    const plugin = (script: string) => ({
      exec: { apiVersion: 'client.authentication.k8s.io/v1', command: process.execPath, args: ['-e', script] },
    });
    const credential = JSON.stringify({ kind: 'ExecCredential', status: { token: 'from-plugin' } });
    started.writeKubeconfig(plugin(`console.log(${JSON.stringify(credential)})`));
    client = await createKubeClient({ kubeconfigPath: started.kubeconfig, fieldManager: 'tester' });
    await client.get(ref);
    expect(started.received[0]?.headers.authorization).toBe('Bearer from-plugin');

    started.writeKubeconfig(plugin('console.error("log in first"); process.exit(1)'));
    const error = await failure(createKubeClient({ kubeconfigPath: started.kubeconfig, fieldManager: 'tester' }));
    expect(error.message).toBe('cannot get credentials for the API server: log in first');
  });

  it('sends a user name and password as basic authentication', async () => {
    const started = await startScriptedServer((_request, response) => sendJson(response, 200, configMap('a')));
    server = started;
    started.writeKubeconfig({ username: 'ada', password: 'pw' });
    client = await createKubeClient({ kubeconfigPath: started.kubeconfig, fieldManager: 'tester' });
    await client.get(ref);
    expect(started.received[0]?.headers.authorization).toBe(`Basic ${Buffer.from('ada:pw').toString('base64')}`);
  });
});

describe('watching', () => {
  const line = (type: string, object: unknown): string => `${JSON.stringify({ type, object })}\n`;
  const collect = async (script: Script): Promise<{ readonly seen: unknown[]; readonly error: unknown }> => {
    const { client } = await connect(script);
    const seen: unknown[] = [];
    try {
      const options = { resourceVersion: '1' };
      for await (const event of client.watch(RESOURCES.configMaps, options, new AbortController().signal))
        seen.push(event);
      return { seen, error: undefined };
    } catch (error) {
      return { seen, error };
    }
  };

  it('puts together characters and lines that the network cut, however long', async () => {
    const big = { ...configMap('a'), data: { text: `grüße ✓ ${'ж'.repeat(300_000)}` } };
    const bytes = Buffer.from(line('ADDED', big) + line('BOOKMARK', { metadata: { resourceVersion: '5' } }));
    const { seen, error } = await collect((_request, response) => {
      response.writeHead(200);
      let at = 0;
      const next = (): void => {
        // Odd sizes cut two-byte characters in half; the first pieces are single bytes.
        const size = at < 64 ? 1 : 10_007;
        response.write(bytes.subarray(at, at + size));
        at += size;
        if (at < bytes.length) setImmediate(next);
        else response.end();
      };
      next();
    });
    expect(error).toBeUndefined();
    expect(seen).toEqual([
      { type: 'ADDED', object: big },
      { type: 'BOOKMARK', resourceVersion: '5' },
    ]);
  });

  it.each([
    [
      'before the stream',
      ((_request, response) => sendJson(response, 410, statusOf(410, 'Gone', 'too old resource version'))) as Script,
    ],
    [
      'inside the stream',
      ((_request, response) => {
        response.end(line('ADDED', configMap('a')) + line('ERROR', statusOf(410, 'Gone', 'too old resource version')));
      }) as Script,
    ],
  ])('says Expired for a 410 %s', async (_where, script) => {
    const { error } = await collect(script);
    expect(error).toMatchObject({ status: 410, reason: 'Expired', message: 'too old resource version' });
  });

  it('drops a half line when the server dies in the middle of it, and says that it did', async () => {
    const { seen, error } = await collect((_request, response) => {
      response.write(`${line('ADDED', configMap('a'))}{"type":"DEL`, () => response.destroy());
    });
    expect(seen).toHaveLength(1);
    expect(error).toMatchObject({ status: 0, reason: 'ConnectionLost' });
  });

  it('refuses what is no watch event, quoting it', async () => {
    const { error } = await collect((_request, response) => response.end('<html>\n'));
    expect(error).toMatchObject({ reason: 'MalformedEvent', message: expect.stringContaining('<html>') });
  });

  it('closes the socket when the reader aborts, and when it leaves the loop', async () => {
    const { client, server } = await connect((_request, response) => {
      response.write(line('ADDED', configMap('a')));
    });
    const abort = new AbortController();
    for await (const _event of client.watch(RESOURCES.configMaps, { resourceVersion: '1' }, abort.signal))
      abort.abort();
    await until('the aborted socket is closed', () => server.openSockets === 0);
    for await (const _event of client.watch(
      RESOURCES.configMaps,
      { resourceVersion: '1' },
      new AbortController().signal,
    )) {
      break;
    }
    await until('the left socket is closed', () => server.openSockets === 0);
    expect(server.received).toHaveLength(2);
  });

  it('leaves calls their sockets, however many watches are open', async () => {
    const { client, server } = await connect(
      ({ query }, response) => {
        if (query.watch === 'true') response.writeHead(200).flushHeaders();
        else sendJson(response, 200, configMap('a'));
      },
      { connections: 1 },
    );
    const abort = new AbortController();
    const watches = Array.from({ length: 20 }, async () => {
      for await (const _event of client.watch(RESOURCES.configMaps, { resourceVersion: '1' }, abort.signal));
    });
    await until('20 watches are open', () => server.received.length === 20);
    await client.get(ref);
    abort.abort();
    await Promise.all(watches);
    await until('only the call has its socket', () => server.openSockets === 1);
  });
});
