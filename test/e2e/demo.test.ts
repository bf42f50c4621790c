import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { jest } from '@jest/globals';
import { openMemoryApi } from '../../operator/local/demo/memory-api.js';
import { freePort } from '../../operator/local/postgres/free-port.js';
import {
  DemoFolders,
  type DemoProcess,
  processesOf,
  residentBytes,
  startDemo,
  untilNoneOf,
} from '../support/demo-process.js';

/** A start takes about ten seconds on a quiet machine; every wait inside has a deadline of its own. */
jest.setTimeout(300_000);

const folders = new DemoFolders();
// A path as people have it: nothing may be split at a blank.
const state = folders.folder('state of a demo');
const held: Server[] = [];

afterAll(async () => {
  for (const server of held) server.close();
  await folders.clear();
}, 300_000);

/** Answers whether the port is ours now. One that somebody else has may be free at the next look. */
const hold = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => {
      held.push(server);
      resolve(true);
    });
  });

/** A port that we have for as long as the suite runs. */
async function holdAny(): Promise<number> {
  for (;;) {
    const port = await freePort();
    if (await hold(port)) return port;
  }
}

interface Endpoint {
  readonly url: string;
  readonly direct: string;
  readonly namespace: string;
}

async function until<T>(what: string, look: () => T | undefined | false): Promise<T> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`not within a minute: ${what}`);
    await sleep(25);
  }
}

const readEndpoints = (): Readonly<Record<string, Endpoint>> =>
  JSON.parse(readFileSync(join(state, 'endpoints.json'), 'utf8'));

const readPorts = (): Readonly<Record<string, number>> => JSON.parse(readFileSync(join(state, 'ports.json'), 'utf8'));

const kubectl = (...args: string[]): string =>
  execFileSync('kubectl', ['--kubeconfig', join(state, 'kubeconfig'), ...args], { encoding: 'utf8', timeout: 150_000 });

const kubectlFound = ((): boolean => {
  try {
    execFileSync('kubectl', ['version', '--client'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

/** By the key that the demo itself tells where to find. */
async function openAcme() {
  const secret = JSON.parse(await readWithToken('/api/v1/namespaces/mem-acme/secrets/memory-admin-key'));
  return openMemoryApi(readEndpoints().acme?.direct ?? '', Buffer.from(secret.data.apiKey, 'base64').toString());
}

/** The kubeconfig is enough for `curl`: its server, its authority, its token. */
async function readWithToken(path: string): Promise<string> {
  const text = readFileSync(join(state, 'kubeconfig'), 'utf8');
  const field = (name: string): string => new RegExp(`${name}: "?([^"\\s]+)`).exec(text)?.[1] ?? '';
  const { stdout } = await promisify(execFile)(
    'curl',
    [
      '-sSf',
      '--cacert',
      '/dev/stdin',
      '-H',
      `Authorization: Bearer ${field('token')}`,
      `${field('server')}${path}`,
    ].map((part) => (part === '/dev/stdin' ? authorityFile(field('certificate-authority-data')) : part)),
  );
  return stdout;
}

function authorityFile(base64: string): string {
  const path = join(folders.root, 'authority.pem');
  writeFileSync(path, Buffer.from(base64, 'base64'));
  return path;
}

const SEAT = 'Ada prefers window seats';

async function findsTheSeat(): Promise<void> {
  const found = await (await openAcme()).search('ada', 'where does she like to sit?');
  expect(found.map(({ content }) => content)).toContain(SEAT);
}

/** It answers at once; all is well with it once its model is loaded, too. */
async function untilWell(address: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const { stdout } = await promisify(execFile)('curl', ['-sSf', '--retry', '9', `${address}/health/ready`]);
    const { status } = JSON.parse(stdout);
    if (status === 'ok') return;
    expect(status).toBe('degraded');
    if (Date.now() > deadline) throw new Error(`${address} is degraded a minute after its start`);
    await sleep(100);
  }
}

const ready = (demo: DemoProcess): Promise<void> => demo.says('Ctrl-C ends it');

/** Nothing that a program says to itself: no stack, no warning. */
function expectCalm(demo: DemoProcess): void {
  expect(demo.stderr()).toBe('');
  expect(demo.stdout()).not.toMatch(/^\s+at |Warning|✗/m);
}

const newestJournal = (): string => {
  const cluster = join(state, 'cluster');
  const [name] = readdirSync(cluster)
    .filter((file) => file.startsWith('journal-'))
    .sort()
    .reverse();
  return join(cluster, name ?? '');
};

/** Processes are looked for in /proc. */
const describeOnLinux = process.platform === 'linux' ? describe : describe.skip;

describeOnLinux('the demo, from one run to the next (on Linux)', () => {
  let first: DemoProcess;

  it('says which port it uses when the one that it had is taken, and is ready within a minute', async () => {
    // Not 8088, the first choice: other demos of this machine take it and leave it as they come and go.
    const taken = await holdAny();
    mkdirSync(state);
    writeFileSync(join(state, 'ports.json'), JSON.stringify({ router: taken }));
    const began = Date.now();
    first = startDemo(state);
    await ready(first);
    expect((Date.now() - began) / 1_000).toBeLessThan(60);
    const { router } = readPorts();
    expect(router).not.toBe(taken);
    expect(first.stdout()).toContain(`http://<tenant>.localhost:${router} (${taken} is taken)`);
    // A shell reads the line as it is printed, blanks and all.
    expect(first.stdout()).toContain(`export KUBECONFIG='${join(state, 'kubeconfig')}'`);
    expectCalm(first);
  });

  it('tells programs where the tenants are, at two addresses that both answer', async () => {
    const { router } = readPorts();
    expect(readEndpoints()).toEqual({
      acme: { url: `http://acme.localhost:${router}`, direct: expect.any(String), namespace: 'mem-acme' },
      globex: { url: `http://globex.localhost:${router}`, direct: expect.any(String), namespace: 'mem-globex' },
    });
    for (const { url, direct } of Object.values(readEndpoints()))
      for (const address of [url, direct]) await untilWell(address);
  });

  it('keeps a memory and finds it, all of it within 1.5 GB of memory', async () => {
    const api = await openAcme();
    expect(await api.create('ada', SEAT)).toMatchObject({ status: 201 });
    for (const _ of [1, 2, 3]) await findsTheSeat();
    const bytes = residentBytes(state);
    process.stdout.write(`demo with two tenants: ${Math.round(bytes / 1024 / 1024)} MB resident (PSS)\n`);
    expect(bytes).toBeGreaterThan(100 * 1024 ** 2);
    expect(bytes).toBeLessThan(1.5 * 1024 ** 3);
  });

  it('refuses a second demo on the same folder, and the first one goes on', async () => {
    for (const args of [[], ['--fresh']]) {
      const second = startDemo(state, { args });
      expect(await second.exit).toBe(1);
      expect(second.stderr()).toMatch(
        new RegExp(`another demo \\(process ${first.pid}\\) uses .*MEMPLANE_STATE to another folder`),
      );
    }
    await findsTheSeat();
  });

  (kubectlFound ? it : it.skip)('serves an unmodified kubectl (skipped without kubectl on the PATH)', async () => {
    expect(kubectl('get', 'mt')).toMatch(/NAME\s+TIER.*\nacme\s+Pooled[\s\S]*globex/);
    expect(kubectl('explain', 'memorytenant.spec.tier')).toContain('Pooled');
    const file = join(folders.root, 'initech.yaml');
    writeFileSync(file, 'apiVersion: memplane.dev/v1alpha1\nkind: MemoryTenant\nmetadata: {name: initech}\n');
    expect(kubectl('apply', '-f', file)).toContain('created');
    kubectl('wait', '--for=condition=Ready', 'mt/initech', '--timeout=120s');
    // The router follows the cluster: what is written there reaches its file a moment later.
    await untilWell(await until('the file has initech', () => readEndpoints().initech?.url));
    expect(kubectl('delete', 'mt', 'initech')).toContain('deleted');
    await until('initech is gone from the file', () => readEndpoints().initech === undefined);
  });

  it('goes on after it was killed, at rest and again in the middle of a start, with files cut off or broken', async () => {
    first.kill('SIGKILL');
    await first.exit;
    const left = processesOf(state).map(({ pid }) => pid);
    expect(left.length).toBeGreaterThan(2);
    const before = readPorts();
    expect(await hold(before.apiServer ?? 0)).toBe(true);

    const killed = startDemo(state);
    await killed.says('Postgres');
    expect(processesOf(state).filter(({ pid }) => left.includes(pid))).toEqual([]);
    await killed.says('platform');
    expect(readPorts()).toMatchObject({ postgres: before.postgres, router: before.router });
    expect(readPorts().apiServer).not.toBe(before.apiServer);
    expectCalm(killed);
    killed.kill('SIGKILL');
    await killed.exit;
    for (const file of ['kubeconfig', 'demo.pid', 'endpoints.json']) writeFileSync(join(state, file), '{ garbage');
    truncateSync(newestJournal(), Math.floor(statSync(newestJournal()).size / 2));

    const next = startDemo(state);
    await ready(next);
    await findsTheSeat();
    expectCalm(next);
    next.kill('SIGHUP');
    expect(await next.exit).toBe(0);
    await untilNoneOf(state);
    expect(existsSync(join(state, 'endpoints.json'))).toBe(false);
  });

  it('says which file it cannot read, and what to do', async () => {
    const identity = join(state, 'cluster', 'identity.json');
    const cutOff = (whole: Buffer): Buffer => whole.subarray(0, whole.length / 2);
    const overwritten = (whole: Buffer): Buffer => {
      const middle = Math.floor(whole.length / 2);
      return Buffer.from(whole).fill('#', middle, middle + 99);
    };
    for (const [file, damage] of [
      [identity, cutOff],
      [newestJournal(), overwritten],
    ] as const) {
      const whole = readFileSync(file);
      writeFileSync(file, damage(whole));
      const demo = startDemo(state);
      expect(await demo.exit).toBe(1);
      expect(demo.stderr()).toContain(file);
      expect(demo.stderr()).toContain('npm run demo -- --fresh');
      expect(demo.stderr()).not.toMatch(/^\s+at /m);
      await untilNoneOf(state);
      writeFileSync(file, whole);
    }
  });

  it('starts from nothing when it is told to, deletes only what is its own, and speaks JSON', async () => {
    writeFileSync(join(state, 'mine.txt'), 'mine');
    const demo = startDemo(state, { args: ['--fresh', '--json'] });
    await demo.says('"tenants"');
    expect(JSON.parse(demo.stdout())).toEqual({ kubeconfig: join(state, 'kubeconfig'), tenants: readEndpoints() });
    expect(await (await openAcme()).search('ada', 'where does she like to sit?')).toEqual([]);
    expect(readFileSync(join(state, 'mine.txt'), 'utf8')).toBe('mine');
    demo.kill('SIGTERM');
    expect(await demo.exit).toBe(0);
    await untilNoneOf(state);
    expect(existsSync(join(state, 'endpoints.json'))).toBe(false);
  });
});
