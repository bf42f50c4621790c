import { type Static, Type } from '@sinclair/typebox';
import type { Core } from '../core.js';
import { problem } from '../http/errors.js';
import { type ApiResponse, defineRoute, type Route } from '../http/route.js';
import { type FeedEvent, lastSeq, matchesType, readFeed } from './feed.js';
import { typeTrouble } from './types.js';

const NullableText = Type.Union([Type.String(), Type.Null()]);
export const EventSchema = Type.Object({
  seq: Type.Integer(),
  id: Type.String(),
  type: Type.String(),
  at: Type.String(),
  actor: Type.Object({ kind: Type.String(), ref: Type.String() }),
  resource: Type.Union([
    Type.Object({ kind: Type.String(), id: Type.String(), version: Type.Optional(Type.Integer()) }),
    Type.Null(),
  ]),
  memories: Type.Array(Type.Object({ id: Type.String(), version: Type.Integer(), deleted: Type.Boolean() })),
});

const QuerySchema = Type.Object(
  {
    after: Type.Optional(
      Type.Integer({
        minimum: -1,
        maximum: Number.MAX_SAFE_INTEGER,
        description: 'the seq to go on from; -1 is the beginning. Default: now',
      }),
    ),
    types: Type.Optional(
      Type.String({ maxLength: 1000, description: 'comma separated: memory.created, memory.*, hold.placed …' }),
    ),
    limit: Type.Integer({ default: 100, minimum: 1, maximum: 1000 }),
    wait: Type.Optional(
      Type.String({ pattern: '^([0-9]|[1-5][0-9]|60)s$', description: 'how long to wait for one: 0s to 60s' }),
    ),
  },
  { additionalProperties: false },
);
type Query = Static<typeof QuerySchema>;

type Source = Pick<Core, 'db' | 'ending'>;

export const eventRoutes = (core: Source): readonly Route[] => [
  defineRoute({
    method: 'GET',
    path: '/api/v1/events',
    operation: 'listEvents',
    summary: 'What happened, in order and at least once: ids, not content. With Accept: text/event-stream it goes on',
    permission: 'events.read',
    writes: false,
    query: QuerySchema,
    responses: {
      200: Type.Object({ results: Type.Array(EventSchema), next_cursor: NullableText, last: Type.Integer() }),
    },
    handle: ({ query, headers }) => (wantsStream(headers.accept) ? stream(core, query, headers) : answer(core, query)),
  }),
];

const wantsStream = (accept: string | undefined): boolean => accept?.includes('text/event-stream') ?? false;

/** How often a reader that waits looks: an event is in the log within a second of its write anyway. */
const LOOK_MS = 200;

const answer = async ({ db, ending }: Source, query: Query): Promise<ApiResponse> => {
  const types = readTypes(query.types);
  const until = Date.now() + Number((query.wait ?? '0s').slice(0, -1)) * 1000;
  let after = query.after ?? (await lastSeq(db));
  for (;;) {
    const { events, last, more } = await readFeed(db, after, query.limit);
    const results = events.filter(({ type }) => matchesType(types, type));
    after = last;
    if (results.length > 0 || (!more && (Date.now() >= until || ending.aborted))) {
      return { status: 200, body: { results, next_cursor: more ? String(last) : null, last } };
    }
    if (!more) await rest(Math.min(LOOK_MS, Math.max(0, until - Date.now())));
  }
};

const readTypes = (text: string | undefined): readonly string[] | null => {
  if (text === undefined) return null;
  const types = text.split(',').map((type) => type.trim());
  const detail = types.map(typeTrouble).find((trouble) => trouble !== undefined);
  if (detail === undefined) return types;
  throw problem('invalid_request', `The query is not valid: ${detail}.`, {
    errors: [{ pointer: '/query/types', code: 'types', detail }],
  });
};

const rest = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

/** Proxies close a connection that says nothing for a minute. */
const HEARTBEAT_MS = 15_000;
const PAGE = 100;

const stream = async (
  { db, ending }: Source,
  query: Query,
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Promise<ApiResponse> => {
  const types = readTypes(query.types);
  const after = readLastEventId(headers['last-event-id']) ?? query.after ?? (await lastSeq(db));
  return {
    status: 200,
    headers: { 'Content-Type': 'text/event-stream; charset=utf-8', 'X-Accel-Buffering': 'no' },
    stream: (gone) => follow(db, after, types, AbortSignal.any([gone, ending])),
  };
};

const readLastEventId = (value: string | string[] | undefined): number | undefined => {
  if (value === undefined) return undefined;
  if (typeof value === 'string' && /^(-1|0|[1-9][0-9]{0,15})$/.test(value)) return Number(value);
  throw problem('invalid_request', 'The header Last-Event-ID is not one that this stream gave out.', {
    errors: [{ pointer: '/header/last-event-id', code: 'pattern', detail: 'use the id of the last event' }],
  });
};

async function* follow(
  db: Core['db'],
  from: number,
  types: readonly string[] | null,
  signal: AbortSignal,
): AsyncGenerator<string> {
  let after = from;
  let quietSince = Date.now();
  yield ': events\n\n';
  while (!signal.aborted) {
    const { events, last, more } = await readFeed(db, after, PAGE);
    after = last;
    for (const event of events.filter(({ type }) => matchesType(types, type))) {
      quietSince = Date.now();
      yield write(event);
    }
    if (Date.now() - quietSince > HEARTBEAT_MS) {
      quietSince = Date.now();
      yield ': still here\n\n';
    }
    if (!more) await rest(LOOK_MS);
  }
}

const write = (event: FeedEvent): string =>
  `id: ${event.seq}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
