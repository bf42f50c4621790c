// The peers live in an install of their own beside this file. One that cannot be had is named, and counts as missing.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const HOME = 'test/bench';
const MANIFEST = JSON.parse(readFileSync(join(HOME, 'package.json'), 'utf8'));

const versionOf = (name) => {
  const file = join(HOME, 'node_modules', name, 'package.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).version : undefined;
};

/** Once; the next run finds them. */
export function installPeers() {
  const missing = Object.keys(MANIFEST.dependencies).filter((name) => versionOf(name) === undefined);
  if (missing.length > 0) {
    console.log(`installing the peers of the benches (about 400 MB, some minutes, once): ${missing.join(', ')}`);
    spawnSync('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock'], { cwd: HOME, stdio: 'inherit' });
  }
  const absent = Object.keys(MANIFEST.dependencies).filter((name) => versionOf(name) === undefined);
  for (const name of absent) console.log(`missing: ${name} could not be installed; nothing is compared with it`);
  return new Map(
    Object.keys(MANIFEST.dependencies).flatMap((name) => (versionOf(name) ? [[name, versionOf(name)]] : [])),
  );
}

/** A process without a network of its own: what a peer would like to send has nowhere to go. */
const isolation = () => {
  const tried = [
    ['unshare', '-rn'],
    ['unshare', '-n'],
  ].find(([command, flag]) => spawnSync(command, [flag, 'true'], { stdio: 'ignore' }).status === 0);
  return tried ?? [];
};

/** Runs a peer's script to its end and reads the one line of JSON that it prints. */
export function runPeer(script, given, { offline = false } = {}) {
  const cut = offline ? isolation() : [];
  const [command, ...args] = [...cut, process.execPath, join(HOME, 'memory', script)];
  return new Promise((resolve, reject) => {
    const env = { ...process.env, MEM0_TELEMETRY: 'false', LANGSMITH_TRACING: 'false' };
    const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    let out = '';
    let error = '';
    child.stdout.on('data', (chunk) => (out += chunk));
    child.stderr.on('data', (chunk) => (error += chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      const line = out.split('\n').findLast((one) => one.startsWith('{'));
      if (code !== 0 || !line) return reject(new Error(`${script} ended with ${code}: ${(error || out).slice(-600)}`));
      resolve({ ...JSON.parse(line), network: offline ? (cut.length > 0 ? 'none' : 'not cut off') : 'local' });
    });
    child.stdin.end(JSON.stringify(given));
  });
}
