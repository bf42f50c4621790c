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

/** A port that was free a moment ago may be somebody's by now. */
const MOST_PORTS = 3;

export const startRedis = async (): Promise<TestRedis> => {
  let port = await freePort();
  let url = `redis://127.0.0.1:${port}`;
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
    const ended = new Promise<'ended'>((resolve) => server.once('exit', () => resolve('ended')));
    const answer = await use((redis) => Promise.race([redis.info('server'), ended]));
    // At the port of one that did not start another may answer, or nobody.
    if (!answer.includes(`process_id:${server.pid}\r`)) throw new Error(`redis-server did not start at port ${port}`);
  };
  for (let tries = 1; ; tries += 1) {
    try {
      await start();
      break;
    } catch (cause) {
      await kill();
      if (tries === MOST_PORTS) throw cause;
      port = await freePort();
      url = `redis://127.0.0.1:${port}`;
    }
  }
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
