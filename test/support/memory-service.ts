/** A tenant with real keys and a real database, and the memory service on it: in this process, or as the built entry. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { readMemoryConfig } from '../../app/config.js';
import { createLogger } from '../../app/http/log.js';
import { type RunningService, startMemoryRole } from '../../app/memory-role.js';
import { openBucket } from '../../operator/clients/bucket.js';
import { createFileKmsKey } from '../../operator/clients/file-kms.js';
import { birthKeyring } from '../../operator/clients/keyring.js';
import { openKms } from '../../operator/clients/kms-providers.js';
import { createTestDatabase, type TestCluster, type TestDatabase } from './postgres.js';

export interface TestTenant {
  readonly database: TestDatabase;
  readonly directory: string;
  readonly adminKey: string;
  readonly env: Readonly<Record<string, string>>;
  /** Replaces policies.json the way a ConfigMap volume is replaced. */
  writePolicies(policies: object): void;
  /** Processes that a failed test may have left: `drop` ends them. */
  readonly children: Set<ChildProcess>;
  /** And services of this process. */
  readonly services: Set<RunningService>;
  drop(): Promise<void>;
}

export const defaultPolicies = {
  mode: 'Active',
  quotas: { memories: null, memoriesPerUser: null },
  rateLimits: { tenantPerMinute: 100_000, ipPerMinute: 100_000 },
  policies: { ttlDays: null, minConfidencePercent: 0, redact: [] as string[], predicates: null as string[] | null },
};

/** What the operator makes for a tenant before its pod starts: database, roles, KMS key, keyring, policies, admin key. */
export const createTestTenant = async (cluster?: TestCluster): Promise<TestTenant> => {
  const database = await createTestDatabase(cluster ? { cluster } : {});
  const directory = mkdtempSync(join(tmpdir(), 'memplane-app-'));
  const tenantId = randomUUID();
  const kmsKey = join(directory, 'kms.key');
  const bucket = `file://${join(directory, 'keys')}`;
  await createFileKmsKey(kmsKey);
  await birthKeyring(openBucket(bucket), openKms('file', kmsKey), {
    tenantId,
    namespace: 'mem-test',
    provider: 'file',
    keyId: kmsKey,
    now: new Date(),
  });
  // Renamed into place: nobody reads half of it.
  const writePolicies = (policies: object): void => {
    writeFileSync(join(directory, 'policies.next'), JSON.stringify(policies));
    renameSync(join(directory, 'policies.next'), join(directory, 'policies.json'));
  };
  writePolicies(defaultPolicies);
  const adminKey = `mb_${randomBytes(32).toString('base64url')}`;
  const env = {
    DATABASE_URL: database.serviceUrl,
    PORT: '0',
    LISTEN_ADDRESS: '127.0.0.1',
    LOG_LEVEL: 'silent',
    MEMPLANE_TENANT: 'test',
    MEMPLANE_TENANT_ID: tenantId,
    MEMPLANE_CONFIG_DIR: directory,
    MEMPLANE_BOOTSTRAP_KEY: adminKey,
    KEYS_BUCKET_URL: bucket,
    KMS_PROVIDER: 'file',
    KMS_KEY_ID: kmsKey,
    EMBEDDING_PROVIDER: 'hash',
    VECTOR_DIMENSIONS: '64',
    DATABASE_POOL_SIZE: '8',
    OUTBOX_LEASE_MS: '1000',
  };
  const children = new Set<ChildProcess>();
  const services = new Set<RunningService>();
  return {
    database,
    children,
    services,
    directory,
    adminKey,
    env,
    writePolicies,
    drop: async () => {
      // They write below the folder until they are gone.
      await Promise.all([...children].map(killed));
      for (const service of services) await service.stop();
      await database.drop();
      removeFolder(directory);
    },
  };
};

const killed = (child: ChildProcess): Promise<void> =>
  new Promise((done) => {
    if (child.exitCode !== null || child.signalCode !== null) return done();
    child.once('exit', () => done());
    child.kill('SIGKILL');
  });

/** A block of keys that was being made when its service was stopped may still come into it. */
const removeFolder = (path: string): void => rmSync(path, { recursive: true, force: true, maxRetries: 10 });

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // A test reads whatever the service said.
  // biome-ignore lint/suspicious/noExplicitAny: the body of an answer is what is under test
  readonly body: any;
}

export type Client = (method: string, path: string, options?: CallOptions) => Promise<Answer>;
export interface CallOptions {
  readonly body?: unknown;
  readonly raw?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  /** `null` sends none. @default the admin key */
  readonly key?: string | null;
}

export const createClient =
  (baseUrl: string, adminKey: string): Client =>
  async (method, path, options = {}) => {
    const key = options.key === undefined ? adminKey : options.key;
    const body = options.raw ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
    const response = await fetch(`${baseUrl}${path}`, {
      method,
      headers: {
        ...(key === null ? {} : { 'X-API-Key': key }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...options.headers,
      },
      ...(body === undefined ? {} : { body }),
      redirect: 'manual',
    });
    const text = await response.text();
    const isJson = /[/+]json\b/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, body: isJson && text ? JSON.parse(text) : text };
  };

export interface InProcessService extends RunningService {
  readonly url: string;
  readonly call: Client;
  readonly logs: readonly string[];
}

/** The real composition in this process; its log lines are kept for the test. */
export const startInProcess = async (
  tenant: TestTenant,
  env: Readonly<Record<string, string>> = {},
): Promise<InProcessService> => {
  const config = readMemoryConfig({ ...tenant.env, ...env });
  const logs: string[] = [];
  const log = createLogger(
    { level: config.LOG_LEVEL, tenant: config.MEMPLANE_TENANT },
    { write: (line: string) => void logs.push(line) },
  );
  const service = await startMemoryRole(config, log);
  tenant.services.add(service);
  const stop = async (): Promise<void> => {
    tenant.services.delete(service);
    await service.stop();
  };
  const url = `http://127.0.0.1:${service.port}`;
  return { port: service.port, stop, url, logs, call: createClient(url, tenant.adminKey) };
};

export interface ChildService {
  readonly url: string;
  readonly call: Client;
  readonly process: ChildProcess;
  readonly output: () => string;
  /** Sends the signal and waits for the end. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<{ readonly code: number | null; readonly signal: string | null }>;
}

const ENTRY = resolve('dist/app/main.js');

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built entry to its end. */
export const runEntry = (args: readonly string[], env: Readonly<Record<string, string>>): Promise<Finished> =>
  new Promise((done, reject) => {
    const child = spawn(process.execPath, [ENTRY, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.once('error', reject);
    child.once('close', (code) => done({ code, stdout, stderr }));
  });

/** The built entry as a process of its own, for tests that end it. */
export const startChild = async (
  tenant: TestTenant,
  env: Readonly<Record<string, string>> = {},
): Promise<ChildService> => {
  const child = spawn(process.execPath, [ENTRY, 'memory'], {
    env: { ...tenant.env, LOG_LEVEL: 'info', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  tenant.children.add(child);
  let output = '';
  const ended = new Promise<{ code: number | null; signal: string | null }>((done) => {
    // Not its exit: what it said last may still be on its way.
    child.once('close', (code, signal) => done({ code, signal }));
  });
  const port = await new Promise<number>((found, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      const match = /"port":(\d+)/.exec(output);
      if (match) found(Number(match[1]));
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', (code) => reject(new Error(`The service ended with ${code} before it listened:\n${output}`)));
  });
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    call: createClient(url, tenant.adminKey),
    process: child,
    output: () => output,
    end: (signal) => {
      child.kill(signal);
      return ended;
    },
  };
};

/** For what is promised within a second: a machine may be busy, and what waits for another minute is still not let pass. */
export const SOON_MS = 10_000;

/** Polls until the claim holds; what it last saw is in the error. */
export const eventually = async <T>(
  look: () => Promise<T>,
  holds: (value: T) => boolean,
  deadlineMs = 60_000,
): Promise<T> => {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    const value = await look();
    if (holds(value)) return value;
    if (Date.now() > deadline)
      throw new Error(`Not so within ${deadlineMs} ms; last seen: ${JSON.stringify(value)?.slice(0, 2000)}`);
    await new Promise((resolveTimer) => setTimeout(resolveTimer, 20));
  }
};
