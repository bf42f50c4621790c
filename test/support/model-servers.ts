/**
 * Servers of ours that speak what the providers of language models speak, so that their own SDKs are what is tested. They
 * know nothing of language: a test says what they answer.
 */
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ModelRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the SDK sends
  readonly body: any;
}
export type Script = (request: ModelRequest) => {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Holds the answer back. @default 0 */
  readonly afterMs?: number;
};

export interface ModelServer {
  readonly url: string;
  readonly requests: ModelRequest[];
  /** What is answered from now on. */
  script: Script;
  stop(): Promise<void>;
}

export const startModelServer = async (script: Script): Promise<ModelServer> => {
  const requests: ModelRequest[] = [];
  const sockets = createServer(async (request, response) => {
    const seen = { path: request.url ?? '', headers: request.headers, body: await readBody(request) };
    requests.push(seen);
    const { status = 200, headers = {}, body = {}, afterMs = 0 } = server.script(seen);
    setTimeout(() => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify(body));
    }, afterMs).unref();
  });
  await new Promise<void>((resolve) => sockets.listen(0, '127.0.0.1', resolve));
  const server: ModelServer = {
    url: `http://127.0.0.1:${(sockets.address() as AddressInfo).port}`,
    requests,
    script,
    stop: () =>
      new Promise((resolve) => {
        sockets.close(() => resolve());
        sockets.closeAllConnections();
      }),
  };
  return server;
};

const readBody = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString());
};

/** How each provider wraps a text that its model wrote, with 100 tokens read and 20 written. */
export const CHAT_ANSWERS: Readonly<Record<string, (text: string) => unknown>> = {
  openai: (text) => ({
    id: 'c1',
    object: 'chat.completion',
    choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: text } }],
    usage: { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 },
  }),
  claude: (text) => ({
    id: 'm1',
    type: 'message',
    role: 'assistant',
    model: 'm',
    stop_reason: 'end_turn',
    content: [{ type: 'text', text }],
    usage: { input_tokens: 100, output_tokens: 20 },
  }),
  google: (text) => ({
    candidates: [{ content: { role: 'model', parts: [{ text }] }, finishReason: 'STOP' }],
    usageMetadata: { promptTokenCount: 100, candidatesTokenCount: 20, totalTokenCount: 120 },
  }),
  ollama: (text) => ({
    model: 'm',
    done: true,
    message: { role: 'assistant', content: text },
    prompt_eval_count: 100,
    eval_count: 20,
  }),
};

/** Google's client brings a dispatcher that looks for the one of Node's own `fetch`, which jest's globals do not have. */
export const plainFetch: typeof fetch = (input, init) => {
  const { dispatcher: _dispatcher, ...rest } = (init ?? {}) as RequestInit & { dispatcher?: unknown };
  return fetch(input, rest);
};
