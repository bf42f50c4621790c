import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freeOrAny, freePort } from '../postgres/free-port.js';
import { writeWholeFile } from '../whole-file.js';

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
    remember: (ports) => writeWholeFile(file, `${JSON.stringify(ports)}\n`),
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

/** Another process may take a port between the look and the start, again and again: not so often by chance. */
const ATTEMPTS = 10;

/** Starts a server on this port, or on any when somebody was quicker. */
export async function onPort<T>(port: number, start: (port: number) => Promise<T>): Promise<T> {
  let at = port;
  for (let attempt = 1; ; attempt += 1) {
    if (at === 0) at = await freePort();
    try {
      return await start(at);
    } catch (error) {
      if (!isPortTaken(error) || attempt === ATTEMPTS) throw error;
      at = 0;
    }
  }
}

export const isPortTaken = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'EADDRINUSE';
