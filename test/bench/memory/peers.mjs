// The peers live in an install of their own, outside this repository. One that cannot be had is named, and counts as missing.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const SOURCE = 'test/bench';
const SCRIPTS = join(SOURCE, 'memory');
const manifest = readFileSync(join(SOURCE, 'package.json'), 'utf8');
const MANIFEST = JSON.parse(manifest);
const CACHE = process.env.MEMPLANE_CACHE ?? join(homedir(), '.cache', 'memplane');
/** One install a list of versions: another list is another folder. */
const HOME = join(CACHE, `bench-${createHash('sha256').update(manifest).digest('hex').slice(0, 12)}`);

const versionOf = (name) => {
  const file = join(HOME, 'node_modules', name, 'package.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).version : undefined;
};

/** Once; the next run finds them. */
export function installPeers() {
  const names = Object.keys(MANIFEST.dependencies);
  const missing = names.filter((name) => versionOf(name) === undefined);
  mkdirSync(HOME, { recursive: true });
  copyFileSync(join(SOURCE, 'package.json'), join(HOME, 'package.json'));
  if (missing.length > 0) {
    console.log(`installing the peers of the benches (about 400 MB, some minutes, once): ${missing.join(', ')}`);
    spawnSync('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock'], { cwd: HOME, stdio: 'inherit' });
  }
  const absent = names.filter((name) => versionOf(name) === undefined);
  for (const name of absent) console.log(`missing: ${name} could not be installed; nothing is compared with it`);
  return new Map(names.flatMap((name) => (versionOf(name) ? [[name, versionOf(name)]] : [])));
}

/** A script that imports a peer runs from where the peers are: Node looks for packages beside the script. */
export const peerScript = (name) => {
  for (const file of readdirSync(SCRIPTS).filter((one) => one.endsWith('.mjs')))
    copyFileSync(join(SCRIPTS, file), join(HOME, file));
  return join(HOME, name);
};

/** A process without a network of its own: what a peer would like to send has nowhere to go. */
const isolation = () => {
  const tried = [
    ['unshare', '-rn'],
    ['unshare', '-n'],
  ].find(([command, flag]) => spawnSync(command, [flag, 'true'], { stdio: 'ignore' }).status === 0);
  return tried ?? [];
};

/** Runs a peer's script to its end and reads the one line of JSON that it prints. */
export function runPeer(script, given, { offline = false, timeoutMs = 600_000 } = {}) {
  const cut = offline ? isolation() : [];
  const [command, ...args] = [...cut, process.execPath, peerScript(script)];
  return new Promise((resolve, reject) => {
    const env = { ...process.env, MEM0_TELEMETRY: 'false', LANGSMITH_TRACING: 'false' };
    const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    const late = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    let out = '';
    let error = '';
    child.stdout.on('data', (chunk) => (out += chunk));
    child.stderr.on('data', (chunk) => (error += chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(late);
      const line = out.split('\n').findLast((one) => one.startsWith('{'));
      if (code !== 0 || !line) return reject(new Error(`${script} ended with ${code}: ${(error || out).slice(-600)}`));
      resolve({ ...JSON.parse(line), network: offline ? (cut.length > 0 ? 'none' : 'not cut off') : 'local' });
    });
    // A peer that ends before it has read everything says why by its exit code.
    child.stdin.on('error', () => undefined);
    child.stdin.end(JSON.stringify(given));
  });
}
