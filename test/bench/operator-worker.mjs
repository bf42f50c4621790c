import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { FIELD_MANAGER } from '../../dist/charts/manifests/names.js';
import { buildNamespaceObjects, buildWorkloadObjects } from '../../dist/charts/manifests/tenant/build.js';
import { withDefaults } from '../../dist/operator/api/v1alpha1/defaults.js';
import { MEMORY_PLANES, MEMORY_TENANT_CLASSES, MEMORY_TENANTS } from '../../dist/operator/api/v1alpha1/resources.js';
import { createKubeClient } from '../../dist/operator/clients/kube-http.js';
import { createResourceLookup } from '../../dist/operator/clients/kube-resources.js';
import { readConfig } from '../../dist/operator/config.js';
import { buildLocalTenant } from '../../dist/operator/local/stack/plane.js';
import { createManager } from '../../dist/operator/manager.js';
import { planRows } from '../../dist/operator/runtime/apply-order.js';
import { silentLog } from '../../dist/operator/runtime/log.js';
import { createMetrics } from '../../dist/operator/runtime/metrics.js';
import { resolveTenant } from '../../dist/operator/tenant/resolve.js';

const task = JSON.parse(process.argv[2]);
const WORKERS = 16;
const WRITES = new Set(['apply', 'create', 'patch', 'update', 'delete']);

let writes = 0;
const metrics = createMetrics();
const kube = await createKubeClient({
  kubeconfigPath: task.kubeconfig,
  fieldManager: FIELD_MANAGER,
  metrics: (sample) => {
    if (WRITES.has(sample.verb)) writes += 1;
    metrics.onRequest(sample);
  },
});

async function inParallel(count, work) {
  let next = 0;
  const worker = async () => {
    for (let n = next++; n < count; n = next++) await work(n);
  };
  await Promise.all(Array.from({ length: WORKERS }, worker));
}

/** The same objects in the same order as the operator's, without a thought about any of them. */
async function raw() {
  const { resourceFor } = createResourceLookup();
  const plane = await kube.get({ resource: MEMORY_PLANES, name: 'default' });
  const tenantClass = await kube.get({ resource: MEMORY_TENANT_CLASSES, name: 'standard' });
  await inParallel(task.tenants, async (n) => {
    const tenant = withDefaults(buildLocalTenant(`raw-${n}`, { mode: 'Suspended' }));
    const resolved = resolveTenant({ tenant, plane, tenantClass, others: [] });
    const { options } = resolved.facts({ tenantId: randomUUID(), schema: `t_${n}` });
    for (const row of planRows([...buildNamespaceObjects(options), ...buildWorkloadObjects(options)])) {
      await Promise.all(row.map((object) => kube.apply(resourceFor(object), object)));
    }
  });
}

const manager = () =>
  createManager({
    config: readConfig({ WORKERS: String(WORKERS) }),
    kube,
    metrics,
    log: silentLog,
    served: () => true,
  });

async function readyTenants() {
  const { items } = await kube.list(MEMORY_TENANTS);
  return items.filter(({ status }) =>
    status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
  ).length;
}

async function operator() {
  await inParallel(task.tenants, (n) =>
    kube.apply(MEMORY_TENANTS, buildLocalTenant(`bench-${n}`, { mode: 'Suspended' })),
  );
  writes = 0;
  const started = performance.now();
  const running = manager();
  await running.start();
  while ((await readyTenants()) < task.tenants && performance.now() - started < 600_000) await sleep(500);
  const seconds = (performance.now() - started) / 1000;
  const result = { writes, seconds, ready: await readyTenants(), rss: process.memoryUsage().rss };
  await running.stop();
  return result;
}

/** A restarted operator looks at everything once, and then nothing happens. */
async function rest() {
  const running = manager();
  await running.start();
  await sleep(10_000);
  writes = 0;
  await sleep(task.restMs);
  await running.stop();
  return { writes };
}

async function timed(work) {
  const started = performance.now();
  await work();
  return { writes, seconds: (performance.now() - started) / 1000 };
}

const result = task.mode === 'raw' ? await timed(raw) : task.mode === 'operator' ? await operator() : await rest();
process.send(result, () => process.exit(0));
