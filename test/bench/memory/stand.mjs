// What the benches of the memory service stand on: a Postgres with fsync on, a tenant with real keys, the built service.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { transformFileSync } from '@swc/core';

/** The tests' own set-up, as plain JavaScript beside the built service that it starts. */
const SUPPORT = 'dist/test/support';
const support = async (name) => {
  mkdirSync(SUPPORT, { recursive: true });
  for (const source of ['memory-service.ts', 'postgres.ts']) {
    const parser = { syntax: 'typescript' };
    const { code } = transformFileSync(join('test/support', source), { jsc: { parser, target: 'es2022' } });
    writeFileSync(join(SUPPORT, basename(source, '.ts').concat('.js')), code);
  }
  return import(pathToFileURL(join(SUPPORT, `${name}.js`)).href);
};

export const built = (path) => import(pathToFileURL(join('dist/app', path)).href);

const silent = { warn() {}, info() {}, error() {}, debug() {}, child: () => silent, level: 'silent' };

/** A cluster that keeps what it acknowledges; `close` also drops every tenant. */
export async function startCluster() {
  const { startOwnCluster } = await support('postgres');
  const cluster = await startOwnCluster({ durable: true });
  const tenants = [];
  const close = async () => {
    for (const tenant of tenants) await tenant.drop();
    await cluster.stop();
  };
  return { cluster, tenants, close };
}

export async function createTenant({ cluster, tenants }, env = {}) {
  const { createTestTenant } = await support('memory-service');
  const tenant = await createTestTenant(cluster);
  tenant.writePolicies({
    mode: 'Active',
    quotas: { memories: null, memoriesPerUser: null },
    rateLimits: { tenantPerMinute: 100_000_000, ipPerMinute: 100_000_000 },
    policies: { ttlDays: null, minConfidencePercent: 0, redact: [], predicates: null },
  });
  Object.assign(tenant.env, { EMBEDDING_PROVIDER: 'none', MEMPLANE_TRUSTED_PROXIES: '0' }, env);
  tenants.push(tenant);
  return tenant;
}

/** The services of this process on a tenant, without a port: `core.memories` is what every route calls. */
export async function openService(tenant) {
  const { readMemoryConfig } = await built('config.js');
  const { startFoundation } = await built('memory-role.js');
  const foundation = await startFoundation(readMemoryConfig(tenant.env), silent);
  tenant.services.add(foundation);
  const principal = await foundation.core.accessKeys.authenticate(tenant.adminKey);
  const caller = { principal, headers: {} };
  const stop = async () => {
    tenant.services.delete(foundation);
    await foundation.stop();
  };
  return { core: foundation.core, deps: foundation.core.memories, caller, stop };
}

/** The built service as a process of its own, which logs into a file as it would into a pipe that somebody empties. */
export async function startService(tenant, env = {}, { node = [] } = {}) {
  const path = join(tenant.directory, `${randomUUID()}.log`);
  const file = openSync(path, 'a');
  const child = spawn(process.execPath, [...node, 'dist/app/main.js', 'memory'], {
    env: { ...tenant.env, LOG_LEVEL: 'info', ...env },
    stdio: ['ignore', file, file],
  });
  closeSync(file);
  tenant.children.add(child);
  let left = false;
  const ended = new Promise((done) => child.once('exit', done)).then(() => (left = true));
  const portOf = () => /"port":(\d+)/.exec(readFileSync(path, 'utf8').slice(0, 65_536))?.[1];
  for (const until = Date.now() + 30_000; portOf() === undefined; await new Promise((done) => setTimeout(done, 25)))
    if (left || Date.now() > until) throw new Error(`the service does not listen: ${readFileSync(path, 'utf8')}`);
  const end = (signal) => {
    child.kill(signal);
    return ended;
  };
  return { url: `http://127.0.0.1:${portOf()}`, process: child, end };
}
