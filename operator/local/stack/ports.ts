import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

interface Ports {
  readonly postgres: number;
  readonly apiServer: number;
  readonly router: number;
}

export interface StackPorts extends Ports {
  remember(ports: Ports): void;
}

/** What a person types first; any other free one when somebody has it. */
const FIRST_CHOICE: Ports = { postgres: 0, apiServer: 0, router: 8088 };

/** The ports of the last run, so that a kubeconfig and a bookmark stay good; 0 (any) for those that are taken now. */
export async function preferredPorts(folder: string): Promise<StackPorts> {
  const file = join(folder, 'ports.json');
  const wished = { ...FIRST_CHOICE, ...remembered(file) };
  return {
    postgres: await freeOr(wished.postgres),
    apiServer: await freeOr(wished.apiServer),
    router: await freeOr(wished.router),
    remember: (ports) => writeFileSync(file, `${JSON.stringify(ports)}\n`),
  };
}

function remembered(file: string): Partial<Ports> {
  try {
    const { postgres, apiServer, router } = JSON.parse(readFileSync(file, 'utf8'));
    return Object.fromEntries(
      Object.entries({ postgres, apiServer, router }).filter(([, port]) => Number.isInteger(port)),
    );
  } catch {
    // The first run, or a file that somebody broke: any port will do.
    return {};
  }
}

function freeOr(port: number): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(0));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(port)));
  });
}
