import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';
import type { K8sObject } from '../../../charts/manifests/object.js';
import type { KubeClient, LiveObject, Resource } from '../../../operator/clients/kube.js';
import { createKubeClient } from '../../../operator/clients/kube-http.js';
import { RESOURCES } from '../../../operator/clients/kube-resources.js';
import { type ApiServer, startApiServer } from '../../../operator/local/api-server/index.js';
import type { NodeAgent } from '../../../operator/local/node/agent.js';

/** A cluster that a suite runs against: the embedded one, or a real control plane. */
export interface TestCluster {
  readonly kubeconfig: string;
  readonly client: KubeClient;
  /** Whether the cluster has controllers of its own (a real controller-manager). */
  readonly real: boolean;
  /** Tells the API server where logs are; a real one asks the node by itself. */
  attachLogs?(agent: NodeAgent): void;
  stop(): Promise<void>;
}

/** Looks until the answer is there, or says what it saw last. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  deadlineMs = 120_000,
): Promise<T> {
  const deadline = Date.now() + deadlineMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await look();
      if (value !== undefined) return value;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) throw new Error(`not within ${deadlineMs} ms: ${what}`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** A time in which what `look` sees does not change; asked for again as long as something still settles. */
export const untilQuiet = (what: string, look: () => Promise<unknown>, forMs: number): Promise<true> =>
  eventually(`${what} for ${forMs} ms`, async () => {
    const before = await look();
    await new Promise((resolve) => setTimeout(resolve, forMs));
    return isDeepStrictEqual(await look(), before) ? true : undefined;
  });

/** A killed process stays listed until its parent has asked for it: that one is dead too. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}

let counter = 0;

/** A namespace of its own for each case. On a real cluster it is usable only with its default account. */
export async function createNamespace(cluster: TestCluster): Promise<string> {
  counter += 1;
  const name = `case-${process.pid}-${counter}`;
  await cluster.client.create(RESOURCES.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  if (cluster.real) {
    await eventually('the namespace has its default account', () =>
      cluster.client.get({ resource: RESOURCES.serviceAccounts, name: 'default', namespace: name }),
    );
  }
  return name;
}

export const create = <T extends LiveObject>(cluster: TestCluster, resource: Resource, object: K8sObject): Promise<T> =>
  cluster.client.create<T>(resource, object);

/** The embedded API server with a client and a kubeconfig file, its state in memory. */
export async function startEmbeddedCluster(): Promise<TestCluster & { readonly server: ApiServer }> {
  const server = await startApiServer();
  const directory = mkdtempSync(join(tmpdir(), 'memplane-embedded-'));
  const kubeconfig = join(directory, 'kubeconfig');
  writeFileSync(kubeconfig, server.kubeconfig, { mode: 0o600 });
  const client = await createKubeClient({ kubeconfigPath: kubeconfig, fieldManager: 'test' });
  return {
    server,
    kubeconfig,
    client,
    real: false,
    attachLogs: (agent) => {
      server.registerPodLogs(agent.servePodLogs);
    },
    stop: async () => {
      await client.close();
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** A request of the cluster's admin whose answer is text. */
export function requestText(
  cluster: TestCluster,
  path: string,
): Promise<{ readonly status: number; readonly text: string }> {
  const config: {
    readonly clusters: readonly {
      readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string };
    }[];
    readonly users: readonly { readonly user: { readonly token: string } }[];
  } = parse(readFileSync(cluster.kubeconfig, 'utf8'));
  const { server = '', 'certificate-authority-data': ca = '' } = config.clusters[0]?.cluster ?? {};
  const headers = { authorization: `Bearer ${config.users[0]?.user.token}` };
  return new Promise((resolve, reject) => {
    const outgoing = request(`${server}${path}`, { headers, ca: Buffer.from(ca, 'base64') }, (response) => {
      let text = '';
      response.on('data', (piece: Buffer) => {
        text += piece.toString();
      });
      response.once('error', reject);
      response.once('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    outgoing.once('error', reject);
    outgoing.end();
  });
}
