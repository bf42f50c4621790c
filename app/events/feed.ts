import { decodeFacts } from '../audit/leaves.js';
import { selectHead } from '../audit/store.js';
import type { Queryable } from '../db/pool.js';
import { FEED_KINDS } from './types.js';

/** Something that happened, as others are told of it: ids and versions, never content. */
export interface FeedEvent {
  /** Its number in the audit log: events come in this order, and where to go on from. */
  readonly seq: number;
  /** Of the audit event, by which it can be proven. */
  readonly id: string;
  /** `memory.created`, `hold.placed` …: what it is about and what became of it. */
  readonly type: string;
  readonly at: string;
  readonly actor: { readonly kind: string; readonly ref: string };
  readonly resource: { readonly kind: string; readonly id: string; readonly version?: number } | null;
  /** The memories that a write touched. */
  readonly memories: readonly { readonly id: string; readonly version: number; readonly deleted: boolean }[];
}

/** What is told of. Reads and denials are for auditors: `/api/v1/audit/events`. */
const IS_TOLD = new RegExp(`^(${FEED_KINDS.join('|')})\\.`);
/** Told although it was refused: somebody went round the service. */
const IS_ALARM = /^security\./;
const UNTOLD = new Set(['memory.read', 'data.dropped']);

export const matchesType = (types: readonly string[] | null, type: string): boolean =>
  types === null || types.some((wanted) => wanted === '*' || wanted === type || wanted === `${type.split('.')[0]}.*`);

interface Row {
  readonly seq: number;
  readonly bytes: Buffer;
  readonly body: Buffer | null;
}

export interface FeedPage {
  readonly events: readonly FeedEvent[];
  /** The last number that was looked at, told of or not. */
  readonly last: number;
  /** Whether there was more to look at. */
  readonly more: boolean;
}

/** In the order of the log, after that number. Numbers have no gaps and never come in behind one that was seen. */
export const readFeed = async (db: Queryable, after: number, limit: number): Promise<FeedPage> => {
  const { rows } = await db.query<Row>(
    `SELECT seq, bytes, (SELECT body FROM audit_batches WHERE event = audit_events.id AND kind = 1) AS body
     FROM audit_events WHERE seq > $1 ORDER BY seq LIMIT $2`,
    [after, limit],
  );
  return {
    events: rows.flatMap((row) => present(row) ?? []),
    last: rows.at(-1)?.seq ?? after,
    more: rows.length === limit,
  };
};

interface Logged {
  readonly id: string;
  readonly time: string;
  readonly type: string;
  readonly code: string | null;
  readonly outcome: string;
  readonly actor: { readonly kind: string; readonly ref: string };
  readonly resource: FeedEvent['resource'];
}

const present = ({ seq, bytes, body }: Row): FeedEvent | undefined => {
  const event = JSON.parse(bytes.toString('utf8')) as Logged;
  if (!IS_TOLD.test(event.type) || UNTOLD.has(event.type)) return undefined;
  if (event.outcome !== 'ok' && !IS_ALARM.test(event.type)) return undefined;
  const type = event.type === 'memory.write' ? `memory.${event.code ?? 'written'}` : event.type;
  const facts = body ? decodeFacts(body) : [];
  return {
    ...{ seq, id: event.id, type, at: event.time },
    actor: { kind: event.actor.kind, ref: event.actor.ref },
    resource: event.resource,
    memories: facts.map(({ id, version, op }) => ({ id, version, deleted: op === 'delete' })),
  };
};

/** The last number there is; -1 of an empty log. */
export const lastSeq = async (db: Queryable): Promise<number> => (await selectHead(db)).size - 1;
