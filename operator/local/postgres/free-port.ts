import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below what systems hand out by themselves (Linux from 32768 on, macOS and Windows from 49152) and below Kubernetes' node
 * ports: a port that the system gave could be given to another's connection between this look and its use.
 */
const FIRST = 20_000;
/** Processes that run beside each other look in blocks of their own. */
const BLOCK = 64;
const BLOCKS = 156;

const first = FIRST + (process.pid % BLOCKS) * BLOCK;
let turn = randomInt(BLOCK);

/** A port of 127.0.0.1 that was free a moment ago, and that this process has not been told lately. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < BLOCK; attempt += 1) {
    turn = (turn + 1) % BLOCK;
    const port = await tryPort(first + turn);
    if (port !== undefined) return port;
  }
  // Whoever holds the whole block leaves what the system has.
  return (await tryPort(0)) ?? 0;
}

const tryPort = (wished: number): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' || error.code === 'EACCES' ? resolve(undefined) : reject(error),
    );
    server.listen(wished, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined));
    });
  });
