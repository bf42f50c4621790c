import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Answers = Readonly<Record<string, unknown>>;

export interface StandIn {
  readonly url: string;
  /** Paths (without api-version) that were asked. */
  readonly asked: readonly string[];
  /** What it answers from now on. */
  answer(path: string, body: unknown): void;
  stop(): Promise<void>;
}

/**
 * Stands in for the management API of Google Cloud or Azure, neither of which can run here: it answers a GET of a path
 * with what was put there, in the shape that the cloud's reference documents, and 404 to the rest. A body that is a
 * number is answered as that status.
 */
export async function startStandIn(answers: Answers, token: string): Promise<StandIn> {
  const table = new Map<string, unknown>(Object.entries(answers));
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://stand-in');
    asked.push(pathname);
    const found = request.headers.authorization === `Bearer ${token}` ? table.get(pathname) : 401;
    const status = typeof found === 'number' ? found : found === undefined ? 404 : 200;
    const body = status === 200 ? found : { error: { code: status, message: `status ${status}, says the stand-in` } };
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    answer: (path, body) => {
      table.set(path, body);
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
