// How close the operator comes to what its own client can write when nobody thinks: a thousand suspended tenants
// through the embedded API server, against the same client applying the same objects as fast as it can.
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { postgresHome } from '../../dist/operator/local/postgres/server.js';
import { startStack } from '../../dist/operator/local/stack/stack.js';
import { silentLog } from '../../dist/operator/runtime/log.js';

const AT_REST_MS = 60_000;

export async function benchOperator(args) {
  const tenants = Number(args.find((arg) => arg.startsWith('--tenants='))?.split('=')[1] ?? 1000);
  const folder = mkdtempSync(join(tmpdir(), 'memplane-bench-'));
  const stack = await startStack({ folder, version: '0.1.0', log: silentLog, operator: false });
  try {
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

/** Each measurement in a process of its own, so that none inherits the other's heap or sockets. */
function measure(task) {
  const child = fork(fileURLToPath(new URL('./operator-worker.mjs', import.meta.url)), [JSON.stringify(task)]);
  return new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`the worker ended with ${code}`)));
  });
}
