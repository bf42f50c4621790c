/** A real redis-server of the test's own: no disk, a free port, ended by its own id. */
import { type ChildProcess, spawn } from 'node:child_process';
import { Redis } from 'ioredis';
import { freePort } from './postgres.js';

export interface TestRedis {
  readonly url: string;
  readonly port: number;
  /** What is in it, for a test that looks at bytes. */
  dump(): Promise<readonly { readonly key: string; readonly value: Buffer; readonly ttlMs: number }[]>;
  kill(): Promise<void>;
  restart(): Promise<void>;
  /** Answers nothing for so long, with the connection open. */
  pause(ms: number): Promise<void>;
  stop(): Promise<void>;
}

export const startRedis = async (): Promise<TestRedis> => {
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  let server: ChildProcess;
  const kill = async (): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
    server.kill('SIGKILL');
    await ended;
  };
  const use = async <T>(work: (redis: Redis) => Promise<T>): Promise<T> => {
    const redis = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
    redis.on('error', () => undefined);
    try {
      return await work(redis);
    } finally {
      redis.disconnect();
    }
  };
  const start = async (): Promise<void> => {
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    server = spawn('redis-server', args, { stdio: 'ignore' });
    await use((redis) => redis.ping());
  };
  await start();
  return {
    url,
    port,
    dump: () =>
      use(async (redis) => {
        const keys = await redis.keys('*');
        return Promise.all(
          keys.map(async (key) => ({
            key,
            value: (await redis.getBuffer(key)) ?? Buffer.alloc(0),
            ttlMs: await redis.pttl(key),
          })),
        );
      }),
    kill,
    restart: start,
    pause: (ms) => use(async (redis) => void (await redis.call('CLIENT', 'PAUSE', String(ms), 'ALL'))),
    stop: kill,
  };
};
