// How close the operator comes to what its own client can write when nobody thinks: a thousand suspended tenants
// through the embedded API server, against the same client applying the same objects as fast as it can.
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OPERATOR_NAMESPACE } from '../../dist/charts/manifests/names.js';
import { MEMORY_PLANES } from '../../dist/operator/api/v1alpha1/resources.js';
import { RESOURCES } from '../../dist/operator/clients/kube-resources.js';
import { openDatabase } from '../../dist/operator/clients/postgres.js';
import { postgresHome } from '../../dist/operator/local/postgres/server.js';
import { startStack } from '../../dist/operator/local/stack/stack.js';
import { silentLog } from '../../dist/operator/runtime/log.js';

const AT_REST_MS = 60_000;

export async function benchOperator(args) {
  const tenants = Number(args.find((arg) => arg.startsWith('--tenants='))?.split('=')[1] ?? 1000);
  const folder = mkdtempSync(join(tmpdir(), 'memplane-bench-'));
  const stack = await startStack({ folder, version: '0.1.0', log: silentLog, operator: false });
  try {
    await addDatabases(stack, Math.ceil(tenants / TENANTS_A_DATABASE));
    const worker = (mode) => measure({ mode, tenants, kubeconfig: stack.kubeconfigPath });
    const raw = await worker('raw');
    console.log(`  raw client: ${raw.writes} writes in ${raw.seconds.toFixed(1)} s`);
    const operator = await worker('operator');
    console.log(
      `  operator: ${operator.writes} writes in ${operator.seconds.toFixed(1)} s, ${operator.ready} tenants Ready`,
    );
    const rest = await measure({ mode: 'rest', tenants, kubeconfig: stack.kubeconfigPath, restMs: AT_REST_MS });
    const rate = (run) => run.writes / run.seconds;
    return [
      { measure: 'raw client, writes/s', value: Math.round(rate(raw)) },
      { measure: 'operator, writes/s', value: Math.round(rate(operator)) },
      { measure: 'ratio (aim >= 0.80)', value: Number((rate(operator) / rate(raw)).toFixed(2)) },
      {
        measure: `seconds until ${operator.ready} of ${tenants} tenants are Ready`,
        value: Number(operator.seconds.toFixed(1)),
      },
      { measure: `API writes in ${AT_REST_MS / 1000} s at rest, after a restart`, value: rest.writes },
      { measure: "operator's resident MB", value: Math.round(operator.rss / 1024 / 1024) },
    ];
  } finally {
    await stack.stop();
    rmSync(postgresHome(join(folder, 'postgres')), { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A database takes so many tenants at most; a plane of a thousand lists several. */
const TENANTS_A_DATABASE = 500;

async function addDatabases({ kube, postgres }, count) {
  const plane = await kube.get({ resource: MEMORY_PLANES, name: 'default' });
  const [first] = plane.spec.postgres;
  const admin = openDatabase({ ...postgres, tls: undefined });
  const entries = [first];
  for (let n = 1; n < count; n += 1) {
    const name = `pg-${n}`;
    await admin.query(`CREATE DATABASE memplane_${n}`);
    const data = { username: postgres.user, password: postgres.password, database: `memplane_${n}` };
    await kube.apply(RESOURCES.secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace: OPERATOR_NAMESPACE },
      stringData: data,
    });
    entries.push({ ...first, name, adminSecretRef: { name } });
  }
  await admin.close();
  const { apiVersion, kind, spec } = plane;
  await kube.apply(MEMORY_PLANES, {
    apiVersion,
    kind,
    metadata: { name: 'default' },
    spec: { ...spec, postgres: entries },
  });
}

/** Each measurement in a process of its own, so that none inherits the other's heap or sockets. */
function measure(task) {
  const child = fork(fileURLToPath(new URL('./operator-worker.mjs', import.meta.url)), [JSON.stringify(task)]);
  return new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`the worker ended with ${code}`)));
  });
}
