import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

interface Ports {
  readonly postgres: number;
  readonly apiServer: number;
  readonly router: number;
}

/** 0 stands for any free port. */
export interface StackPorts extends Ports {
  /** What it would have been if nobody had taken it. */
  readonly wished: Ports;
  remember(ports: Ports): void;
}

/** What a person types first; any other free one when somebody has it. */
const FIRST_CHOICE: Ports = { postgres: 0, apiServer: 0, router: 8088 };

/** The ports of the last run, so that a kubeconfig and a bookmark stay good; 0 for those that are taken now. */
export async function preferredPorts(folder: string): Promise<StackPorts> {
  const file = join(folder, 'ports.json');
  const wished = { ...FIRST_CHOICE, ...remembered(file) };
  return {
    postgres: await freeOrAny(wished.postgres),
    apiServer: await freeOrAny(wished.apiServer),
    router: await freeOrAny(wished.router),
    wished,
    remember: (ports) => writeFileSync(file, `${JSON.stringify(ports)}\n`),
  };
}

function remembered(file: string): Partial<Ports> {
  try {
    const { postgres, apiServer, router } = JSON.parse(readFileSync(file, 'utf8'));
    return Object.fromEntries(Object.entries({ postgres, apiServer, router }).filter(([, port]) => isPort(port)));
  } catch {
    // The first run, or a file that somebody broke: any port will do.
    return {};
  }
}

const isPort = (port: unknown): boolean => Number.isInteger(port) && Number(port) > 0 && Number(port) < 65_536;

/** `*.localhost` means ::1 to many programs before it means 127.0.0.1: a port is ours when nobody has either. */
export async function freeOrAny(port: number): Promise<number> {
  return (await canListen(port, '127.0.0.1')) && (await canListen(port, '::1')) ? port : 0;
}

function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    // A machine without IPv6 has nobody there.
    server.once('error', ({ code }: NodeJS.ErrnoException) =>
      resolve(host === '::1' && code !== 'EADDRINUSE' && code !== 'EACCES'),
    );
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Starts a server on this port, or on any when somebody was quicker. */
export async function onPort<T>(port: number, start: (port: number) => Promise<T>): Promise<T> {
  try {
    return await start(port);
  } catch (error) {
    if (port === 0 || !isPortTaken(error)) throw error;
    return start(0);
  }
}

export const isPortTaken = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'EADDRINUSE';
