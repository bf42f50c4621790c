import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Admission } from './admission.js';
import { createAuthenticator, TokenSigner } from './authentication.js';
import { bootstrap } from './bootstrap.js';
import { lockDataDir } from './data-lock.js';
import { followDefinitions } from './definition-cleanup.js';
import { createHttpServer } from './http-server.js';
import { type Identity, loadIdentity } from './identity.js';
import { Journal } from './journal.js';
import { buildKubeconfig } from './kubeconfig.js';
import { Authorizer } from './rbac.js';
import { Registry } from './registry.js';
import { buildBuiltinResources } from './resources/builtin.js';
import { createServiceStrategy } from './resources/services.js';
import type { Api, PodLogs } from './rest/api.js';
import { ListSnapshots } from './rest/snapshots.js';
import { serviceUse } from './service-use.js';
import { Storage } from './storage.js';

export { buildKubeconfig } from './kubeconfig.js';
export type { PodLogs } from './rest/api.js';

export interface ApiServerOptions {
  /** Where the state is kept; without it, it ends with the server. */
  readonly dataDir?: string;
  /** @default any free one */
  readonly port?: number;
  /** Changes of one resource that a watcher who comes back can still get. @default 8192 */
  readonly watchWindow?: number;
  /** Size of the log at which it is replaced by a snapshot. @default 64 MiB */
  readonly snapshotBytes?: number;
  /** @default standard error */
  readonly onError?: (cause: unknown) => void;
}

export interface ApiServer {
  readonly url: string;
  readonly port: number;
  readonly caPem: string;
  readonly adminToken: string;
  /** YAML with everything in it, for the admin. */
  readonly kubeconfig: string;
  /** The server's inside, for the controllers that run with it. */
  readonly api: Api;
  /** Who runs pods says where their logs are. Answers a function that takes it back. */
  registerPodLogs(logs: PodLogs): () => void;
  /** Forgets the history of changes: watchers from before get 410. For tests of those who must list again. */
  compact(): void;
  /** What was written is on disk. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

const WINDOW = 8192;

const printError = (cause: unknown): void => console.error(cause);

function createApi(storage: Storage, signingKey: string, adminToken: string, podLogs: () => PodLogs | undefined): Api {
  const registry = new Registry(buildBuiltinResources(createServiceStrategy(serviceUse(storage))));
  registry.follow(storage);
  const authorizer = new Authorizer(storage);
  const signer = new TokenSigner(Buffer.from(signingKey, 'base64'), () => Date.now());
  const authenticator = createAuthenticator(adminToken, signer, ({ namespace, name, uid }) => {
    return storage.get('/serviceaccounts', namespace, name)?.metadata.uid === uid;
  });
  return {
    storage,
    registry,
    authorizer,
    authenticator,
    admission: new Admission(storage, authorizer),
    signer,
    snapshots: new ListSnapshots(randomUUID()),
    now: () => new Date(),
    podLogs,
  };
}

/** The one hook that somebody outside supplies: where a pod's log is. */
class LogSource {
  current: PodLogs | undefined;

  register(logs: PodLogs): () => void {
    this.current = logs;
    return () => {
      if (this.current === logs) this.current = undefined;
    };
  }
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve());
  });
  return (server.address() as AddressInfo).port;
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}

/** A Kubernetes API server for one machine: HTTPS on 127.0.0.1, ready when this resolves. */
export async function startApiServer(options: ApiServerOptions = {}): Promise<ApiServer> {
  const unlock = options.dataDir === undefined ? () => undefined : lockDataDir(options.dataDir);
  try {
    return await startLocked(options, unlock);
  } catch (cause) {
    unlock();
    throw cause;
  }
}

async function startLocked(options: ApiServerOptions, unlock: () => void): Promise<ApiServer> {
  const { dataDir, onError = printError } = options;
  const identity = await loadIdentity(dataDir);
  const journal = dataDir === undefined ? undefined : await Journal.open(dataDir, options.snapshotBytes);
  try {
    return await serve(options, { identity, journal, onError, unlock });
  } catch (cause) {
    // What it still had to write would otherwise go into the log of the next one.
    await journal?.abandon();
    throw cause;
  }
}

interface Parts {
  readonly identity: Identity;
  readonly journal: Journal | undefined;
  readonly onError: (cause: unknown) => void;
  readonly unlock: () => void;
}

async function serve(options: ApiServerOptions, parts: Parts): Promise<ApiServer> {
  const { identity, journal, onError, unlock } = parts;
  const storage = new Storage({ windowSize: options.watchWindow ?? WINDOW, journal });
  const logs = new LogSource();
  const api = createApi(storage, identity.signingKey, identity.adminToken, () => logs.current);
  bootstrap(api);
  const unfollow = followDefinitions(api);
  const stopping = new AbortController();
  // Every open watch listens until it ends and takes its listener back: their number is no sign of a leak.
  setMaxListeners(0, stopping.signal);
  const server = createHttpServer({ api, identity, stopped: stopping.signal, onError });
  const port = await listen(server, options.port ?? 0);
  const url = `https://127.0.0.1:${port}`;
  const { caPem, adminToken } = identity;
  return {
    ...{ url, port, caPem, adminToken, api },
    kubeconfig: buildKubeconfig({ url, caPem, token: adminToken }),
    registerPodLogs: (source) => logs.register(source),
    compact() {
      storage.compact();
      api.snapshots.clear();
    },
    flush: async () => await journal?.flush(),
    async stop() {
      unfollow();
      stopping.abort();
      await close(server);
      await journal?.close(storage.revision);
      unlock();
    },
  };
}
