import type { ComponentState } from '../health/component-state.js';
import { messageOf } from '../http/cause.js';

/** What limits and caches of all replicas share. Nothing is ever only there: without it the service works, each replica for itself. */
export interface SharedStore {
  /** False while it is away; then nobody waits for it. */
  isReady(): boolean;
  run(script: string, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown>;
  getMany(keys: readonly string[]): Promise<readonly (Buffer | null)[]>;
  setMany(entries: readonly (readonly [string, Buffer])[], ttlMs: number): Promise<void>;
  delete(keys: readonly string[]): Promise<void>;
  /** Deletes every key that begins so. */
  deleteAll(prefix: string): Promise<number>;
  health(): ComponentState;
  close(): Promise<void>;
}

export interface RedisOptions {
  readonly url: string;
  /** In front of every key: tenants share a Redis. */
  readonly prefix: string;
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
}

/** A request does not wait for Redis any longer than it would take without. */
const COMMAND_TIMEOUT_MS = 150;
const CONNECT_TIMEOUT_MS = 2_000;
const MAX_BACKOFF_MS = 2_000;
const SCAN_COUNT = 500;

const OPTIONS = {
  connectTimeout: CONNECT_TIMEOUT_MS,
  commandTimeout: COMMAND_TIMEOUT_MS,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  enableAutoPipelining: true,
  retryStrategy: (attempt: number) => Math.min(50 * attempt, MAX_BACKOFF_MS),
  // After a failover the old primary answers READONLY: connect anew, and to the right one.
  reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
};

export const openRedis = async ({ url, prefix, log }: RedisOptions): Promise<SharedStore> => {
  const { Redis } = await import('ioredis');
  const redis = new Redis(url, { ...OPTIONS, keyPrefix: prefix });
  let trouble: string | undefined = 'not connected yet';
  redis.on('ready', () => {
    trouble = undefined;
    log.info({}, 'Redis is connected');
  });
  redis.on('error', (error: Error) => {
    if (trouble === undefined)
      log.warn({ reason: messageOf(error) }, 'Redis is away; this replica counts and caches alone');
    trouble = codeOf(error);
  });
  redis.on('close', () => {
    trouble ??= 'the connection was closed';
  });
  await settled(redis);
  return {
    isReady: () => redis.status === 'ready',
    run: (script, keys, args) => redis.eval(script, keys.length, ...keys, ...args),
    getMany: (keys) => redis.mgetBuffer(...keys),
    setMany: async (entries, ttlMs) => {
      await Promise.all(entries.map(([key, value]) => redis.set(key, value, 'PX', ttlMs)));
    },
    delete: async (keys) => {
      if (keys.length > 0) await redis.del(...keys);
    },
    deleteAll: (start) => deleteAll(redis, prefix, start),
    health: () =>
      trouble === undefined
        ? { status: 'ok', detail: 'Redis' }
        : { status: 'degraded', detail: `Redis does not answer (${trouble}): this replica counts and caches alone` },
    close: async () => {
      redis.disconnect();
    },
  };
};

type Redis = InstanceType<typeof import('ioredis')['Redis']>;

/** The first try, with or without success: a start does not wait for a cache. */
const settled = (redis: Redis): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      redis.off('ready', done).off('close', done);
      resolve();
    };
    redis.on('ready', done).on('close', done);
  });

const deleteAll = async (redis: Redis, prefix: string, start: string): Promise<number> => {
  let cursor = '0';
  let deleted = 0;
  do {
    // A pattern is no key: the client puts no prefix before it, and keys come back with theirs.
    const [next, keys] = await redis.scan(cursor, 'MATCH', `${escapeGlob(prefix + start)}*`, 'COUNT', SCAN_COUNT);
    if (keys.length > 0) deleted += await redis.del(...keys.map((key) => key.slice(prefix.length)));
    cursor = next;
  } while (cursor !== '0');
  return deleted;
};

const escapeGlob = (text: string): string => text.replace(/[*?[\]\\]/g, '\\$&');

/** A message may hold the URL, and with it the password. */
const codeOf = (error: Error): string => {
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' ? code : error.name;
};
