/**
 * A stand-in for Qdrant: no registry has the server. It answers as a real 1.19 was seen to answer for what the adapter asks,
 * compares every vector, and keeps nothing. Set QDRANT_URL to run the same suite on a real one.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Point {
  readonly id: string;
  readonly vector: readonly number[];
  readonly payload: Readonly<Record<string, unknown>>;
}
interface Collection {
  readonly size: number;
  readonly distance: string;
  readonly fields: Map<string, { readonly data_type: string; readonly params: object }>;
  readonly points: Map<string, Point>;
}
interface Condition {
  readonly key: string;
  readonly match: { readonly value?: unknown; readonly any?: readonly unknown[] };
}
type Filter = { readonly must: readonly Condition[] };

export interface QdrantStandIn {
  readonly url: string;
  readonly collections: Map<string, Collection>;
  /** Every request as it came: method, path, body. */
  readonly seen: { readonly method: string; readonly path: string; readonly body: unknown }[];
  /** While true every request is cut off. */
  down: boolean;
  stop(): Promise<void>;
}

class Refusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export const startQdrantStandIn = async (apiKey: string): Promise<QdrantStandIn> => {
  const collections = new Map<string, Collection>();
  const seen: QdrantStandIn['seen'] = [];
  const server: Server = createServer(async (request, response) => {
    if (standIn.down) return void request.socket.destroy();
    const path = (request.url ?? '').split('?')[0] ?? '';
    const body = await readBody(request);
    seen.push({ method: request.method ?? '', path, body });
    try {
      if (request.headers['api-key'] !== apiKey) throw new Refusal(401, 'Must provide an API key');
      const result = answer(collections, `${request.method} ${path}`, body);
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ result, status: 'ok', time: 0 }));
    } catch (cause) {
      const status = cause instanceof Refusal ? cause.status : 500;
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ status: { error: (cause as Error).message }, time: 0 }));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const standIn: QdrantStandIn = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    collections,
    seen,
    down: false,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return standIn;
};

// biome-ignore lint/suspicious/noExplicitAny: whatever a client sends
const readBody = async (request: IncomingMessage): Promise<any> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString());
};

// biome-ignore lint/suspicious/noExplicitAny: whatever a client sends
const answer = (collections: Map<string, Collection>, route: string, body: any): unknown => {
  const match = /^(GET|PUT|POST) \/collections\/([\w-]+)(\/.*)?$/.exec(route);
  if (!match) throw new Refusal(404, route);
  const [, method, name = '', rest = ''] = match;
  if (rest === '/exists') return { exists: collections.has(name) };
  if (method === 'PUT' && rest === '') return createCollection(collections, name, body);
  const collection = collections.get(name);
  if (!collection) throw new Refusal(404, `Not found: Collection \`${name}\` doesn't exist!`);
  const operate = OPERATIONS[`${method} ${rest}`];
  if (!operate) throw new Refusal(404, route);
  return operate(collection, body);
};

// biome-ignore lint/suspicious/noExplicitAny: whatever a client sends
const createCollection = (collections: Map<string, Collection>, name: string, body: any): boolean => {
  if (collections.has(name)) throw new Refusal(409, `Collection \`${name}\` already exists!`);
  const { size, distance } = body.vectors;
  collections.set(name, { size, distance, fields: new Map(), points: new Map() });
  return true;
};

// biome-ignore lint/suspicious/noExplicitAny: whatever a client sends
const OPERATIONS: Readonly<Record<string, (collection: Collection, body: any) => unknown>> = {
  'GET ': ({ size, distance, fields }) => ({
    status: 'green',
    config: { params: { vectors: { size, distance } } },
    payload_schema: Object.fromEntries(fields),
  }),
  'PUT /index': (collection, { field_name, field_schema }) => {
    const { type, ...params } = field_schema;
    collection.fields.set(field_name, { data_type: type, params: type === 'integer' ? {} : params });
    return { operation_id: 0, status: 'completed' };
  },
  'PUT /points': (collection, { points }) => {
    for (const point of points as Point[]) {
      if (point.vector.length !== collection.size)
        throw new Refusal(400, `Wrong input: Vector dimension error: expected dim: ${collection.size}`);
      if (!/^[0-9a-f-]{36}$/.test(point.id)) throw new Refusal(400, `${point.id} is not a valid point ID`);
      collection.points.set(point.id, point);
    }
    return { operation_id: 1, status: 'completed' };
  },
  'POST /points/delete': (collection, { points, filter }) => {
    for (const id of points ?? matching(collection, filter).map((point) => point.id)) collection.points.delete(id);
    return { operation_id: 2, status: 'completed' };
  },
  'POST /points/count': (collection, { filter }) => ({ count: matching(collection, filter).length }),
  'POST /points/query': (collection, { query, filter, limit }) => ({
    points: matching(collection, filter)
      .map(({ id, vector, payload }) => ({ id, version: 0, score: cosine(vector, query), payload }))
      .sort((a, b) => b.score - a.score)
      .slice(0, limit),
  }),
};

const matching = ({ points }: Collection, filter: Filter): Point[] =>
  [...points.values()].filter(({ payload }) =>
    filter.must.every(({ key, match }) =>
      match.any ? match.any.includes(payload[key]) : payload[key] === match.value,
    ),
  );

const cosine = (a: readonly number[], b: readonly number[]): number => {
  const sum = a.reduce((total, value, index) => total + value * (b[index] ?? 0), 0);
  return sum / (Math.hypot(...a) * Math.hypot(...b));
};
