import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below what systems hand out by themselves (Linux from 32768 on, macOS and Windows from 49152) and below the ports of
 * the local node's pods (20000…): a port that the system gave could be given to another's connection between this look
 * and its use, or before the next run.
 */
const FIRST = 10_000;
/** Processes that run beside each other look in blocks of their own. */
const BLOCK = 64;
const BLOCKS = 156;

const first = FIRST + (process.pid % BLOCKS) * BLOCK;
let turn = randomInt(BLOCK);

/** A port of 127.0.0.1 that was free a moment ago, and that this process has not been told lately. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < BLOCK; attempt += 1) {
    turn = (turn + 1) % BLOCK;
    if ((await freeOrAny(first + turn)) !== 0) return first + turn;
  }
  // Whoever holds the whole block leaves what the system has.
  return (await tryPort(0, '127.0.0.1')) ?? 0;
}

/** 0, which stands for any, when somebody has it. `*.localhost` means ::1 to many programs before it means 127.0.0.1. */
export async function freeOrAny(port: number): Promise<number> {
  const free = (await tryPort(port, '127.0.0.1')) !== undefined && (await tryPort(port, '::1')) !== undefined;
  return free ? port : 0;
}

const tryPort = (wished: number, host: '127.0.0.1' | '::1'): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(undefined);
      // A machine without IPv6 has nobody there.
      else if (host === '::1') resolve(wished);
      else reject(error);
    });
    server.listen({ port: wished, host, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined));
    });
  });
