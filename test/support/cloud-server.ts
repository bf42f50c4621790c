import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What another program sent, read field by field. */
export interface Loose {
  [field: string]: Loose | undefined;
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly bytes: Buffer;
  /** The body as JSON; empty when there is none. */
  readonly json: Loose;
}

export interface Answer {
  readonly status: number;
  readonly body?: object | Buffer | string;
  readonly headers?: Readonly<Record<string, string>>;
}

export class Refusal extends Error {
  readonly answer: Answer;
  constructor(answer: Answer) {
    super(`refused with ${answer.status}`);
    this.answer = answer;
  }
}

export interface CloudServer {
  readonly url: string;
  /** host:port */
  readonly host: string;
  /** `GET /path` of every call. */
  readonly calls: string[];
  /** The next calls are answered so, each once. */
  readonly next: Answer[];
  /** While true nobody is answered. */
  away: boolean;
  stop(): Promise<void>;
}

/** A small HTTP server for stand-ins of clouds. */
export async function startCloudServer(answer: (asked: Asked) => Answer): Promise<CloudServer> {
  const calls: string[] = [];
  const next: Answer[] = [];
  const state = { away: false };
  const server = createServer((request, response) => {
    if (state.away) return void request.socket.destroy();
    void readBytes(request).then((bytes) => {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://stand-in');
      const method = request.method ?? 'GET';
      calls.push(`${method} ${pathname}`);
      const isJson = String(request.headers['content-type'] ?? '').includes('json');
      const json = isJson && bytes.length > 0 ? (JSON.parse(bytes.toString()) as Loose) : {};
      const asked = { method, path: pathname, query: searchParams, headers: request.headers, bytes, json };
      const { status, body, headers } = next.shift() ?? answered(() => answer(asked));
      const isPlain = body === undefined || Buffer.isBuffer(body) || typeof body === 'string';
      response.writeHead(status, headers).end(isPlain ? body : JSON.stringify(body));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(state, {
    ...{ url: `http://${host}`, host, calls, next },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  });
}

const answered = (work: () => Answer): Answer => {
  try {
    return work();
  } catch (error) {
    if (error instanceof Refusal) return error.answer;
    return { status: 500, body: { error: { message: String(error) } } };
  }
};

const readBytes = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};
