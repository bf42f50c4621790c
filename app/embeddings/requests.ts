import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Queryable } from '../db/pool.js';

/** An event is in the log's order, and can be read, within a second of its write; where much is to do, some seconds later. */
const TRIES = 25;
const BETWEEN_MS = 400;

/**
 * One line for each request whose memories have their vectors now, under its id: from the event that the write left in the
 * audit log. For who looks for something at debug level: it waits for the log, and nothing waits for it.
 */
export const tellRequests = async (
  db: Queryable,
  log: Pick<Logger, 'debug'>,
  events: readonly string[],
  ms: number,
): Promise<void> => {
  const ids = [...new Set(events)];
  for (let tries = TRIES; tries > 0; tries--) {
    const requests = await selectRequests(db, ids);
    if (requests.size === ids.length || tries === 1) {
      for (const [requestId, memories] of count(events, requests))
        log.debug({ requestId, memories, ms }, 'vectors stored');
      return;
    }
    await wait(BETWEEN_MS, undefined, { ref: false });
  }
};

const selectRequests = async (db: Queryable, ids: readonly string[]): Promise<ReadonlyMap<string, string | null>> => {
  const { rows } = await db.query<{ id: string; request: string | null }>(
    `SELECT id, convert_from(bytes, 'UTF8')::json->>'request' AS request FROM audit_events WHERE id = ANY($1::uuid[])`,
    [ids],
  );
  return new Map(rows.map(({ id, request }) => [id, request]));
};

const count = (
  events: readonly string[],
  requests: ReadonlyMap<string, string | null>,
): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const event of events) {
    const request = requests.get(event);
    if (request) counts.set(request, (counts.get(request) ?? 0) + 1);
  }
  return counts;
};
