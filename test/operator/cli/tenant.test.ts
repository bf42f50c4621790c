import { API_VERSION, DEFAULT_CLASS_ANNOTATION, OPERATOR_NAMESPACE } from '../../../charts/manifests/names.js';
import { MEMORY_PLANES, MEMORY_TENANT_CLASSES, MEMORY_TENANTS } from '../../../operator/api/v1alpha1/resources.js';
import type { MemoryTenant } from '../../../operator/api/v1alpha1/types.js';
import type { KubeHttpClient } from '../../../operator/clients/kube-http.js';
import { RESOURCES } from '../../../operator/clients/kube-resources.js';
import { openChartCluster } from '../../support/chart-cluster.js';
import { memoryctl, type Said } from '../../support/cli.js';
import { type Embedded, startEmbedded } from '../local/embedded.js';

let embedded: Embedded;
let kube: KubeHttpClient;
beforeAll(async () => {
  embedded = await startEmbedded();
  kube = await openChartCluster(embedded.kubeconfig);
  await submit('acme');
  await become('acme', 'True', 'Ready');
}, 90_000);
afterAll(async () => {
  await kube?.close();
  await embedded?.stop();
});

const run = (...args: readonly string[]): Promise<Said> =>
  memoryctl(args, { config: { kubeconfig: embedded.kubeconfig } });
const refOf = (name: string) => ({ resource: MEMORY_TENANTS, name });

const submit = (name: string) =>
  kube.create(MEMORY_TENANTS, { apiVersion: API_VERSION, kind: 'MemoryTenant', metadata: { name }, spec: {} });

/** Writes what the operator would: nobody else runs here. */
async function become(name: string, status: 'True' | 'False', reason: string): Promise<void> {
  const tenant = await kube.get<MemoryTenant>(refOf(name));
  const at = '2026-11-21T00:00:00Z';
  const ready = { type: 'Ready', status, reason, message: `it is ${reason}`, lastTransitionTime: at };
  const known = { tenantID: '7f3c0000-0000-4000-8000-000000000001', endpoint: `https://${name}.example.com` };
  const patch = {
    status: {
      ...known,
      observedGeneration: tenant?.metadata.generation,
      conditions: [ready],
      namespace: `mem-${name}`,
      version: '1.4.0',
      usage: { observedTime: at, memories: 12, vectors: 12, storageBytes: 4096, tokensToday: 7 },
    },
  };
  await kube.mergePatch(refOf(name), patch, { subresource: 'status' });
}

async function until(look: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await look())) {
    if (Date.now() > deadline) throw new Error('not within a minute');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('memoryctl tenant', () => {
  it('create writes the tenant, tells how far it is, and prints what an application needs', async () => {
    const heard: string[] = [];
    const making = memoryctl(
      ['tenant', 'create', 'umbrella', '--size', 'medium', '--hostname', 'memory.umbrella.example'],
      {
        config: { kubeconfig: embedded.kubeconfig },
        note: (line) => heard.push(line),
      },
    );
    await until(async () => (await kube.get(refOf('umbrella'))) !== undefined);
    await become('umbrella', 'False', 'DatabaseWaiting');
    await until(async () => heard.some((line) => line.includes('DatabaseWaiting')));
    await become('umbrella', 'True', 'Ready');
    const { code, out, notes } = await making;
    expect([code, JSON.parse(out)]).toEqual([
      0,
      {
        tenant_id: '7f3c0000-0000-4000-8000-000000000001',
        endpoint: 'https://umbrella.example.com',
        api_key_secret: { namespace: 'mem-umbrella', name: 'memory-admin-key', key: 'apiKey' },
      },
    ]);
    expect(notes).toContain('umbrella: DatabaseWaiting: it is DatabaseWaiting');
    const made = await kube.get<MemoryTenant>(refOf('umbrella'));
    expect(made?.spec).toMatchObject({ size: 'medium', access: { hostnames: ['memory.umbrella.example'] } });
  });

  it('create refuses what the resource would refuse, all at once, and writes nothing', async () => {
    const names = async () => (await kube.list(MEMORY_TENANTS)).items.map(({ metadata }) => metadata.name);
    const before = await names();
    const args = ['tenant', 'create', 'Globex!', '--tier', 'Golden', '--size', 'huge'];
    const { code, out, notes } = await run(...args);
    expect([code, out]).toEqual([64, '']);
    for (const path of ['metadata.name', 'spec.tier', 'spec.size']) expect(notes).toContain(`  ${path}: `);
    expect(await names()).toEqual(before);
  });

  it('create takes a spec from standard input, and flags on top of it', async () => {
    const spec = 'quotas: { memories: 5, memoriesPerUser: 5 }\nsize: small\n';
    const args = ['tenant', 'create', 'initech', '--file', '-', '--size', 'large', '--no-wait'];
    const { code } = await memoryctl(args, { stdin: spec, config: { kubeconfig: embedded.kubeconfig } });
    expect(code).toBe(0);
    const made = await kube.get<MemoryTenant>(refOf('initech'));
    expect(made?.spec).toMatchObject({ size: 'large', quotas: { memories: 5 } });
  });

  it('create says that there is one already, and that one is not Ready in time', async () => {
    const again = await run('tenant', 'create', 'acme');
    expect([again.code, again.notes]).toEqual([1, expect.stringContaining('tenant acme exists already')]);
    const late = await run('tenant', 'create', 'hooli', '--timeout', '1s');
    expect([late.code, late.notes]).toEqual([1, expect.stringContaining('hooli is not there after 1 s')]);
    expect(late.notes).toContain('the operator has not looked at it yet');
    expect(late.notes).toContain('memoryctl doctor');
    expect((await run('tenant', 'create', 'x', '--timeout', 'soon')).code).toBe(64);
  });

  it('list has the columns of kubectl, and more when asked', async () => {
    await submit('listed');
    const { code, out } = await run('tenant', 'list');
    expect(code).toBe(0);
    const [heading, first] = out.split('\n');
    expect(heading).toMatch(/^NAME +TIER +VERSION +MEMORIES +ENDPOINT +READY +REASON +AGE$/);
    expect(first).toMatch(/^acme +Pooled +1\.4\.0 +12 +https:\/\/acme\.example\.com +True +Ready +\d+[smh]$/);
    expect((await run('tenant', 'list', '--wide')).out).toMatch(/ CLASS +PLANE +RING +MODE\n/);
    const { items } = JSON.parse((await run('tenant', 'list', '--json')).out) as { items: readonly MemoryTenant[] };
    const names = items.map(({ metadata }) => metadata.name);
    expect(names).toEqual(expect.arrayContaining(['acme', 'listed']));
    expect(names).toEqual([...names].sort());
  });

  it('info and stats say where it is, how it is, and what it uses', async () => {
    const info = await run('tenant', 'info', 'acme');
    expect(info.out).toContain('endpoint    https://acme.example.com\n');
    expect(info.out).toContain('first key   Secret mem-acme/memory-admin-key, key apiKey\n');
    expect(info.out).toMatch(/\nReady +True +Ready +it is Ready\n/);
    expect((await run('tenant', 'stats', 'acme')).out).toMatch(/^memories +12 +/m);
    const stats = JSON.parse((await run('tenant', 'stats', 'acme', '--json')).out) as { usage: unknown };
    expect(stats.usage).toMatchObject({ memories: 12, tokensToday: 7 });
    await submit('fresh');
    expect((await run('tenant', 'stats', 'fresh')).notes).toContain('the operator has not looked');
  });

  it.each(['info', 'stats', 'delete'])('%s of nobody exits 1 and says so', async (verb) => {
    const { code, notes } = await run('tenant', verb, 'nobody', ...(verb === 'delete' ? ['--yes'] : []));
    expect([code, notes]).toEqual([1, expect.stringContaining('there is no tenant nobody')]);
  });

  it('delete does nothing without --yes, and says what it would do', async () => {
    await submit('leaving');
    const { code, notes } = await run('tenant', 'delete', 'leaving');
    expect([code, notes]).toEqual([
      64,
      expect.stringContaining('deletionPolicy Retain: its workloads go; data and keys stay'),
    ]);
    expect(await kube.get(refOf('leaving'))).toBeDefined();
    const done = await run('tenant', 'delete', 'leaving', '--yes');
    expect([done.code, done.out]).toEqual([0, 'leaving is deleted\n']);
    expect(await kube.get(refOf('leaving'))).toBeUndefined();
  });
});

describe('memoryctl doctor', () => {
  interface Finding {
    readonly check: string;
    readonly health: string;
    readonly detail: string;
    readonly remedy?: string;
  }
  const examine = async () => {
    const { code, out } = await run('doctor', '--json');
    return { code, findings: (JSON.parse(out) as { findings: readonly Finding[] }).findings };
  };

  it('finds that there is no plane, and says what makes one', async () => {
    await submit('waiting');
    const { code, findings } = await examine();
    expect(code).toBe(1);
    expect(findings).toContainEqual(
      expect.objectContaining({
        check: 'planes',
        health: 'failure',
        remedy: expect.stringContaining('plane from-outputs'),
      }),
    );
    expect(findings).toContainEqual(expect.objectContaining({ check: 'tenant waiting', health: 'warning' }));
    for (const { health, remedy } of findings) expect(remedy === undefined).toBe(health === 'ok');
  });

  it('finds a Secret that a plane names and nobody made; then nothing is wrong', async () => {
    await kube.apply(RESOURCES.namespaces, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: OPERATOR_NAMESPACE },
    });
    const spec = {
      clusterID: 'test',
      baseDomain: 'example.com',
      postgres: [{ name: 'pg-a', host: 'pg.example.com', adminSecretRef: { name: 'pg-a-admin' } }],
      buckets: { keys: { provider: 'file', name: '/keys' } },
      kms: { provider: 'file', keyID: '/key' },
      image: { service: 'memplane/memplane' },
      rings: [{ name: 'stable', version: '1.4.0' }],
    };
    await kube.apply(MEMORY_PLANES, {
      apiVersion: API_VERSION,
      kind: 'MemoryPlane',
      metadata: { name: 'default' },
      spec,
    });
    const ready = {
      type: 'Ready',
      status: 'True',
      reason: 'Ready',
      message: 'ok',
      lastTransitionTime: '2026-11-21T00:00:00Z',
    };
    const status = { status: { conditions: [ready] } };
    await kube.mergePatch({ resource: MEMORY_PLANES, name: 'default' }, status, { subresource: 'status' });
    expect((await examine()).findings).toContainEqual(
      expect.objectContaining({ health: 'failure', detail: `Secret ${OPERATOR_NAMESPACE}/pg-a-admin does not exist` }),
    );
    const metadata = { name: 'pg-a-admin', namespace: OPERATOR_NAMESPACE };
    await kube.apply(RESOURCES.secrets, { apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque' });
    const annotations = { [DEFAULT_CLASS_ANNOTATION]: 'true' };
    const classMetadata = { name: 'standard', annotations };
    await kube.apply(MEMORY_TENANT_CLASSES, {
      apiVersion: API_VERSION,
      kind: 'MemoryTenantClass',
      metadata: classMetadata,
      spec: {},
    });
    const { code, findings } = await examine();
    expect(findings.filter(({ health }) => health === 'failure')).toEqual([]);
    expect(code).toBe(0);
    expect((await run('doctor')).out).toMatch(/^CHECK +HEALTH +DETAIL +REMEDY\nserver +ok +v/);
    await kube.delete({ resource: MEMORY_PLANES, name: 'default' });
    await kube.delete({ resource: MEMORY_TENANT_CLASSES, name: 'standard' });
    await kube.delete({ resource: RESOURCES.secrets, namespace: OPERATOR_NAMESPACE, name: 'pg-a-admin' });
  });

  it('ends with 3 when there is no cluster, and names the file that is not there', async () => {
    const nowhere = await memoryctl(['doctor', '--kubeconfig', '/nowhere/kubeconfig']);
    expect([nowhere.code, nowhere.notes]).toEqual([3, expect.stringContaining('/nowhere/kubeconfig')]);
  });
});
