import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { API_VERSION, OPERATOR_NAMESPACE, TENANT_LABEL, tenantNamespace } from '../../charts/manifests/names.js';
import { COMPONENTS } from '../../charts/manifests/tenant/labels.js';
import { buildCrds } from '../../operator/api/v1alpha1/crd.js';
import { MEMORY_HOLDS, MEMORY_PLANES, MEMORY_TENANTS } from '../../operator/api/v1alpha1/resources.js';
import type { MemoryPlane, MemoryTenant } from '../../operator/api/v1alpha1/types.js';
import type { KubeHttpClient } from '../../operator/clients/kube-http.js';
import { RESOURCES } from '../../operator/clients/kube-resources.js';
import { openDatabase } from '../../operator/clients/postgres.js';
import { readSecret } from '../../operator/clients/secrets.js';
import type { MemoryApi } from '../../operator/local/demo/memory-api.js';
import { untilGone, untilReady } from '../../operator/local/demo/tenants.js';
import { openApi } from '../../operator/local/demo/tour.js';
import type { LocalPostgres } from '../../operator/local/postgres/server.js';
import { postgresHome } from '../../operator/local/postgres/server.js';
import { localImages } from '../../operator/local/stack/images.js';
import { buildLocalTenant } from '../../operator/local/stack/plane.js';
import { startStack } from '../../operator/local/stack/stack.js';
import { silentLog } from '../../operator/runtime/log.js';

type Spec = Readonly<Record<string, unknown>>;

/** A whole plane to try tenants on, and the questions that the suites ask of it. */
export interface Lab {
  readonly kube: KubeHttpClient;
  readonly postgres: LocalPostgres;
  readonly version: string;
  /** Applies and waits until the tenant is Ready, or has the condition that is named instead. */
  applyTenant(name: string, spec?: Spec, condition?: string): Promise<MemoryTenant>;
  /** Applies and does not wait. */
  submitTenant(name: string, spec?: Spec): Promise<void>;
  untilReady(name: string): Promise<MemoryTenant>;
  untilGone(name: string): Promise<void>;
  /** Deletes (after a change of spec, when one is given) and waits until it is gone. */
  deleteTenant(name: string, spec?: Spec): Promise<void>;
  tenant(name: string): Promise<MemoryTenant>;
  plane(name?: string): Promise<MemoryPlane>;
  hold(name: string, tenants: readonly string[]): Promise<void>;
  releaseHold(name: string): Promise<void>;
  api(tenant: string): Promise<MemoryApi>;
  found(tenant: string, query: string): Promise<readonly string[]>;
  /** Of the pods that serve it. */
  podUids(tenant: string): Promise<readonly string[]>;
  killOperator(): Promise<void>;
  count(query: string, values?: readonly unknown[]): Promise<number>;
  /** Whether these bytes stand anywhere in the data files of Postgres. */
  databaseContains(text: string): Promise<boolean>;
  /** Where keyrings of the tenant lie: namespaces, or `retained`. */
  keyrings(tenant: MemoryTenant): Promise<readonly string[]>;
  reinstallResources(): Promise<void>;
  /** A second plane with the stores of the first, whose database credential is in another Secret. */
  applyPlane(name: string, secret: string): Promise<void>;
  copyPlaneSecret(name: string): Promise<void>;
  /** What anybody wrote to the API server in that time, the leader's Lease aside. */
  writesDuring(ms: number): Promise<readonly string[]>;
  eventually(claim: () => Promise<unknown>, deadlineMs?: number): Promise<void>;
  stop(): Promise<void>;
}

const DIST = join(process.cwd(), 'dist');
const VERSION = '0.1.0';

export async function startLab(kubeconfig: string | undefined): Promise<Lab> {
  const folder = mkdtempSync(join(tmpdir(), 'memplane-lab-'));
  const stack = await startStack({ folder, kubeconfig, images: localImages(DIST), version: VERSION, log: silentLog });
  const { kube, postgres } = stack;
  const ref = (name: string) => ({ resource: MEMORY_TENANTS, name });
  const must = async <T>(found: Promise<T | undefined>, what: string): Promise<T> => {
    const value = await found;
    if (value === undefined) throw new Error(`${what} does not exist`);
    return value;
  };
  const submit = async (name: string, spec: Spec = {}): Promise<void> => {
    await kube.apply(MEMORY_TENANTS, buildLocalTenant(name, spec));
  };
  const lab: Lab = {
    kube,
    postgres,
    version: VERSION,
    submitTenant: submit,
    untilReady: (name) => untilReady(kube, name),
    untilGone: (name) => untilGone(kube, name),
    tenant: (name) => must(kube.get<MemoryTenant>(ref(name)), `MemoryTenant ${name}`),
    plane: (name = 'default') => must(kube.get<MemoryPlane>({ resource: MEMORY_PLANES, name }), `MemoryPlane ${name}`),
    async applyTenant(name, spec, condition) {
      await submit(name, spec);
      if (condition === undefined) return untilReady(kube, name);
      await eventually(async () => {
        const found = (await lab.tenant(name)).status?.conditions?.find(({ type }) => type === condition);
        if (found?.status !== 'True') throw new Error(`${name} has no condition ${condition}`);
      });
      return lab.tenant(name);
    },
    async deleteTenant(name, spec) {
      if (spec !== undefined) await submit(name, spec);
      await kube.delete(ref(name));
      await untilGone(kube, name);
    },
    hold: async (name, tenantNames) => {
      const spec = { tenantNames, caseID: name, reason: 'a test of holds' };
      await kube.create(MEMORY_HOLDS, { apiVersion: API_VERSION, kind: 'MemoryHold', metadata: { name }, spec });
    },
    releaseHold: (name) => kube.delete({ resource: MEMORY_HOLDS, name }),
    api: (tenant) => openApi(stack, tenant),
    found: async (tenant, query) =>
      (await (await openApi(stack, tenant)).search('ada', query)).map(({ content }) => content),
    podUids: async (tenant) => {
      const { items } = await kube.list(RESOURCES.pods, {
        namespace: tenantNamespace(tenant),
        // Not those of its archive, which come when they are due.
        labelSelector: `${TENANT_LABEL},app.kubernetes.io/component=${COMPONENTS.memory}`,
      });
      return items.map(({ metadata }) => metadata.uid).sort();
    },
    killOperator: () => killOperator(kube),
    count: (query, values) => withDatabase(postgres, async (database) => (await database.query(query, values)).length),
    databaseContains: async (text) => {
      await withDatabase(postgres, (database) => database.query('CHECKPOINT'));
      return filesContain(postgresHome(join(folder, 'postgres')), text);
    },
    keyrings: async ({ status }) => keyringPlaces(join(folder, 'buckets', 'keys', 'keys'), status?.tenantID ?? ''),
    reinstallResources: () => reinstall(kube),
    applyPlane: async (name, secret) => {
      const { spec } = await lab.plane();
      const postgres = spec.postgres.map((entry) => ({ ...entry, adminSecretRef: { name: secret } }));
      const plane = { apiVersion: API_VERSION, kind: 'MemoryPlane', metadata: { name }, spec: { ...spec, postgres } };
      await kube.apply(MEMORY_PLANES, plane);
    },
    copyPlaneSecret: (name) => copySecret(kube, name),
    writesDuring: async (ms) => {
      const before = await versions(kube);
      await sleep(ms);
      const after = await versions(kube);
      return [...after].filter(([key, version]) => before.get(key) !== version).map(([key]) => key);
    },
    eventually,
    stop: async () => {
      await stack.stop();
      rmSync(postgresHome(join(folder, 'postgres')), { recursive: true, force: true });
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return lab;
}

async function eventually(claim: () => Promise<unknown>, deadlineMs = 120_000): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    try {
      await claim();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(100);
    }
  }
}

/** SIGKILL to the process of the operator's pod, found by the command line that only this lab's pod has. */
async function killOperator(kube: KubeHttpClient): Promise<void> {
  const { items } = await kube.list(RESOURCES.pods, { namespace: OPERATOR_NAMESPACE });
  const pids = items.flatMap(({ metadata }) => processesWith(`POD_NAME=${metadata.name}`));
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself since it was listed.
    }
  }
}

/** Linux tells the environment of our own processes; elsewhere the suites that kill are skipped. */
function processesWith(variable: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(variable);
      } catch {
        return false;
      }
    })
    .map(Number);
}

async function withDatabase<T>(
  postgres: LocalPostgres,
  work: (database: ReturnType<typeof openDatabase>) => Promise<T>,
): Promise<T> {
  const database = openDatabase({ ...postgres, tls: undefined });
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

/** Of a server that goes on: what it takes away between two looks holds nothing. */
function filesContain(folder: string, text: string): boolean {
  return ifThere(() => readdirSync(folder), []).some((name) => {
    const path = join(folder, name);
    const entry = statSync(path, { throwIfNoEntry: false });
    if (entry === undefined) return false;
    return entry.isDirectory() ? filesContain(path, text) : ifThere(() => readFileSync(path).includes(text), false);
  });
}

function ifThere<T>(look: () => T, otherwise: T): T {
  try {
    return look();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return otherwise;
    throw error;
  }
}

function keyringPlaces(root: string, tenantId: string): readonly string[] {
  const folders = (path: string): readonly string[] => {
    const entry = statSync(path, { throwIfNoEntry: false });
    return entry?.isDirectory() ? readdirSync(path) : [];
  };
  return folders(root).filter(
    (place) => folders(join(root, place)).includes(tenantId) && folders(join(root, place, tenantId)).length > 0,
  );
}

async function reinstall(kube: KubeHttpClient): Promise<void> {
  const resource = RESOURCES.customResourceDefinitions;
  const crd = buildCrds().find(({ metadata }) => metadata.name.startsWith('memorytenants.'));
  if (crd === undefined) throw new Error('no definition of memorytenants');
  await kube.delete({ resource, name: crd.metadata.name });
  await eventually(async () => {
    if ((await kube.get({ resource, name: crd.metadata.name })) !== undefined) throw new Error('still there');
  });
  await kube.apply(resource, crd);
  await eventually(() => kube.list(MEMORY_TENANTS));
}

async function copySecret(kube: KubeHttpClient, name: string): Promise<void> {
  const secret = await readSecret(kube, OPERATOR_NAMESPACE, 'plane-postgres');
  const metadata = { name, namespace: OPERATOR_NAMESPACE };
  await kube.apply(RESOURCES.secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata,
    type: 'Opaque',
    data: secret?.data,
  });
}

/** What the operator writes; the cluster's own controllers keep nodes, leases, events and endpoints. */
const OURS = Object.values(RESOURCES).filter(({ kind }) => !/^(Lease|Node|Event|Endpoints|EndpointSlice)$/.test(kind));

/** Every object that the operator could have written, with its version. */
async function versions(kube: KubeHttpClient): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const resource of [...OURS, MEMORY_TENANTS, MEMORY_PLANES]) {
    const listed = await kube.list(resource).catch(() => undefined);
    for (const { kind, metadata } of listed?.items ?? []) {
      found.set(`${kind} ${metadata.namespace ?? ''}/${metadata.name}`, metadata.resourceVersion);
    }
  }
  return found;
}
