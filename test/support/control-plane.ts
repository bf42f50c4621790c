/**
 * A real Kubernetes control plane: etcd, kube-apiserver and, when asked for, kube-controller-manager, on free ports of
 * 127.0.0.1 with their data under the OS temp folder. There is no kubelet. `npm run test:real` builds the binary;
 * `KUBEBUILDER_ASSETS` (a folder with `etcd` and `kube-apiserver`) works in its place.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, fetch } from 'undici';
import { isMissing } from './parts.js';
import { freePort } from './postgres.js';

export interface ControlPlane {
  /** Path of a kubeconfig whose user is in `system:masters`. */
  readonly kubeconfig: string;
  /** `https://127.0.0.1:<port>` */
  readonly url: string;
  /** Bearer token of that user. */
  readonly token: string;
  /** Certificate to trust, PEM. */
  readonly ca: string;
  stop(): Promise<void>;
}

export interface ControlPlaneOptions {
  /** Garbage collection, namespaces, service accounts, Deployments, Jobs. @default false */
  readonly controllerManager?: boolean;
  /** `group/version=true` entries of `--runtime-config`, beside the defaults. */
  readonly runtimeConfig?: readonly string[];
}

const START_DEADLINE_MS = 150_000;
/** A port that was free a moment ago may be somebody's by now. */
const MOST_TRIES = 3;
const CACHE = process.env.MEMPLANE_CACHE ?? join(homedir(), '.cache', 'memplane');
const ASSETS = process.env.KUBEBUILDER_ASSETS;

type Program = 'etcd' | 'kube-apiserver' | 'kube-controller-manager';

const commandOf = (program: Program): readonly [string, ...string[]] =>
  ASSETS === undefined ? [join(CACHE, 'bin', 'control-plane'), program] : [join(ASSETS, program)];

/** Why there is no control plane, and how to get one; undefined when there is one. Suites skip with this as the title. */
export const controlPlaneMissing = (): string | undefined => {
  const [path] = commandOf('kube-apiserver');
  const present = existsSync(path) && (ASSETS !== undefined || !isMissing('control-plane'));
  return present ? undefined : `no control plane at ${path}: "npm run test:real" builds it once`;
};

export const startControlPlane = async (options: ControlPlaneOptions = {}): Promise<ControlPlane> => {
  const missing = controlPlaneMissing();
  if (missing !== undefined) throw new Error(missing);
  for (let tries = 1; ; tries += 1) {
    try {
      return await tryControlPlane(options);
    } catch (error) {
      if (tries === MOST_TRIES || !/address already in use/.test(String(error))) throw error;
    }
  }
};

const tryControlPlane = async (options: ControlPlaneOptions): Promise<ControlPlane> => {
  const root = mkdtempSync(join(tmpdir(), 'memplane-control-plane-'));
  const programs: Running[] = [];
  const stop = async (): Promise<void> => {
    for (const program of programs.reverse()) await program.stop();
    rmSync(root, { recursive: true, force: true });
  };
  try {
    const etcd = await startEtcd(root, programs);
    const plane = await startApiServer(root, etcd, options, programs);
    if (options.controllerManager === true) await startControllerManager(root, plane.kubeconfig, programs);
    return { ...plane, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};

const startEtcd = async (root: string, programs: Running[]): Promise<string> => {
  const [client, peer] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${client}`;
  const peerUrl = `http://127.0.0.1:${peer}`;
  const etcd = run('etcd', root, [
    `--data-dir=${join(root, 'etcd')}`,
    `--listen-client-urls=${url}`,
    `--advertise-client-urls=${url}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=default=${peerUrl}`,
    '--log-level=error',
    // The data dies with the test: there is no power cut to survive.
    '--unsafe-no-fsync',
  ]);
  programs.push(etcd);
  await untilAnswering(etcd, `${url}/health`);
  return url;
};

const startApiServer = async (
  root: string,
  etcdUrl: string,
  options: ControlPlaneOptions,
  programs: Running[],
): Promise<Omit<ControlPlane, 'stop'>> => {
  const port = await freePort();
  const token = randomBytes(24).toString('hex');
  writeFileSync(join(root, 'tokens.csv'), `${token},admin,admin,system:masters\n`, { mode: 0o600 });
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  writeFileSync(join(root, 'sa.pub'), publicKey);
  writeFileSync(join(root, 'sa.key'), privateKey, { mode: 0o600 });
  const apiServer = run('kube-apiserver', root, apiServerFlags(root, etcdUrl, port, options));
  programs.push(apiServer);
  const url = `https://127.0.0.1:${port}`;
  await untilAnswering(apiServer, `${url}/readyz`, token);
  // Readiness does not wait for who makes it, and nothing is taken into a namespace that is not there.
  await untilAnswering(apiServer, `${url}/api/v1/namespaces/default`, token);
  const ca = readFileSync(join(root, 'certificates', 'apiserver.crt'), 'utf8');
  const kubeconfig = join(root, 'kubeconfig');
  writeFileSync(kubeconfig, JSON.stringify(kubeconfigOf(url, ca, token), null, 2), { mode: 0o600 });
  return { kubeconfig, url, token, ca };
};

const apiServerFlags = (
  root: string,
  etcdUrl: string,
  port: number,
  { controllerManager = false, runtimeConfig = [] }: ControlPlaneOptions,
): readonly string[] => [
  `--etcd-servers=${etcdUrl}`,
  `--cert-dir=${join(root, 'certificates')}`,
  '--bind-address=127.0.0.1',
  // A machine without a network has no other address; nothing registers it, so loopback is allowed.
  '--advertise-address=127.0.0.1',
  '--endpoint-reconciler-type=none',
  `--secure-port=${port}`,
  '--service-cluster-ip-range=10.0.0.0/24',
  `--token-auth-file=${join(root, 'tokens.csv')}`,
  '--service-account-issuer=https://kubernetes.default.svc',
  `--service-account-key-file=${join(root, 'sa.pub')}`,
  `--service-account-signing-key-file=${join(root, 'sa.key')}`,
  '--authorization-mode=RBAC',
  '--allow-privileged=true',
  '--profiling=false',
  ...(runtimeConfig.length > 0 ? [`--runtime-config=${runtimeConfig.join(',')}`] : []),
  // Nobody makes the account "default" without the controllers, and every Pod would be refused for want of it.
  ...(controllerManager ? [] : ['--disable-admission-plugins=ServiceAccount']),
];

const startControllerManager = async (root: string, kubeconfig: string, programs: Running[]): Promise<void> => {
  const port = await freePort();
  const manager = run('kube-controller-manager', root, [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    `--cert-dir=${join(root, 'manager-certificates')}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    `--service-account-private-key-file=${join(root, 'sa.key')}`,
    `--root-ca-file=${join(root, 'certificates', 'apiserver.crt')}`,
    '--use-service-account-credentials=true',
    // It takes pods away that were bound to nodes which nobody registered, as some cases do who want no kubelet.
    '--controllers=*,-pod-garbage-collector-controller',
    // One manager: an election would cost every suite its lease time.
    '--leader-elect=false',
    '--profiling=false',
  ]);
  programs.push(manager);
  await untilAnswering(manager, `https://127.0.0.1:${port}/healthz`);
};

/** JSON is YAML: kubectl and every client library read it. */
const kubeconfigOf = (url: string, ca: string, token: string): unknown => ({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'memplane-test',
  contexts: [{ name: 'memplane-test', context: { cluster: 'memplane-test', user: 'admin' } }],
  clusters: [
    {
      name: 'memplane-test',
      cluster: { server: url, 'certificate-authority-data': Buffer.from(ca).toString('base64') },
    },
  ],
  users: [{ name: 'admin', user: { token } }],
});

interface Running {
  readonly name: Program;
  readonly process: ChildProcess;
  readonly complaint: () => string;
  stop(): Promise<void>;
}

/**
 * Holds a program on our pipe: when stdin closes, by `stop` or by our death, the program is killed and so even a killed
 * test run leaves no process. SIGKILL is right for it: nobody reads its data again.
 */
const LEASH = 'exec 3<&0; "$@" 3<&- </dev/null & pid=$!; (cat <&3 >/dev/null; kill -9 $pid 2>/dev/null) & wait $pid';
/**
 * The store's leash clears up too: without the store the other programs' files are of no use. It must not die of what
 * the shell has to say about the kill when nobody reads our stderr any more.
 */
const LAST_LEASH = `trap "" PIPE; ${LEASH}; code=$?; cd /; rm -rf "$ROOT"; exit $code`;

const run = (name: Program, root: string, args: readonly string[]): Running => {
  const child = spawn('sh', ['-c', name === 'etcd' ? LAST_LEASH : LEASH, 'sh', ...commandOf(name), ...args], {
    cwd: root,
    env: { ...process.env, ROOT: root },
    stdio: ['pipe', 'ignore', 'pipe'],
    // A terminal's Ctrl-C goes to the whole group; the leash must outlive it to do its work.
    detached: true,
  });
  let tail = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    tail = (tail + chunk.toString()).slice(-4000);
  });
  child.unref();
  for (const stream of [child.stdin, child.stderr]) (stream as unknown as { unref(): void } | null)?.unref();
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      child.stdin?.destroy();
      resolve();
    });
  });
  const stop = (): Promise<void> => {
    child.ref();
    child.stdin?.end();
    return ended;
  };
  return { name, process: child, complaint: () => tail, stop };
};

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

/** The certificate is made while the server starts, so there is nothing to check it against yet; the token is ours. */
const untilAnswering = async (program: Running, url: string, token?: string): Promise<void> => {
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const deadline = Date.now() + START_DEADLINE_MS;
  let last = 'no answer';
  try {
    for (;;) {
      if (hasEnded(program.process)) throw new Error(`${program.name} ended while starting: ${program.complaint()}`);
      last = await fetch(url, { dispatcher, headers }).then(
        async (response) => (response.ok ? '' : `${response.status} ${await response.text()}`),
        (error: unknown) => String(error),
      );
      if (last === '') return;
      if (Date.now() > deadline) {
        throw new Error(`${program.name} was not ready in ${START_DEADLINE_MS} ms (${last}): ${program.complaint()}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } finally {
    await dispatcher.close();
  }
};
