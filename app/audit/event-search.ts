import type { Queryable } from '../db/pool.js';
import { isUuid } from '../http/validate.js';
import type { EventRow } from './store.js';

export interface EventFilter {
  /** A key's id, or whatever the actor is called. */
  readonly actor: string | null;
  readonly memoryId: string | null;
  readonly type: string | null;
  readonly from: Date | null;
  readonly to: Date | null;
  /** The last number of the page before. */
  readonly after: number | null;
  readonly limit: number;
}

/** Oldest first. A write in a batch is found by the rows that came from it, a read by the list of what it showed. */
export const searchEvents = async (db: Queryable, filter: EventFilter): Promise<readonly EventRow[]> => {
  const { actor, memoryId, type, from, to, after, limit } = filter;
  const { rows } = await db.query<EventRow>(
    `SELECT seq, id, leaf, bytes FROM audit_events
     WHERE ($1::bigint IS NULL OR seq > $1) AND ($2::timestamptz IS NULL OR at >= $2) AND ($3::timestamptz IS NULL OR at < $3)
       AND ($4::text IS NULL OR type = $4)
       AND ($5::text IS NULL OR actor = $5 OR id IN (SELECT event FROM audit_batches WHERE kind = 2 AND ids @> ARRAY[$6::uuid]))
       AND ($7::uuid IS NULL OR resource = $7::text OR id IN (
         SELECT event FROM audit_batches WHERE kind = 2 AND ids @> ARRAY[$7::uuid]
         UNION ALL SELECT audit_event FROM memories WHERE id = $7 AND audit_event IS NOT NULL
         UNION ALL SELECT audit_event FROM memory_history WHERE memory_id = $7 AND audit_event IS NOT NULL))
     ORDER BY seq LIMIT $8`,
    [after, from, to, type, actor, actor !== null && isUuid(actor) ? actor : null, memoryId, limit],
  );
  return rows;
};

export interface BatchRow {
  readonly event: string;
  readonly kind: number;
  readonly body: Buffer;
}

export const selectBatches = async (db: Queryable, events: readonly string[]): Promise<readonly BatchRow[]> => {
  if (events.length === 0) return [];
  const { rows } = await db.query<BatchRow>(
    'SELECT event, kind, body FROM audit_batches WHERE event = ANY ($1::uuid[])',
    [events],
  );
  return rows;
};

export interface StoredDetail {
  readonly event: string;
  readonly n: number;
  readonly slot: number;
  readonly sealed: Buffer;
}

export const selectDetails = async (db: Queryable, events: readonly string[]): Promise<readonly StoredDetail[]> => {
  if (events.length === 0) return [];
  const { rows } = await db.query<StoredDetail>(
    'SELECT event, n, slot, sealed FROM audit_details WHERE event = ANY ($1::uuid[]) ORDER BY event, n',
    [events],
  );
  return rows;
};

export const selectEventById = async (db: Queryable, id: string): Promise<EventRow | undefined> => {
  const { rows } = await db.query<EventRow>('SELECT seq, id, leaf, bytes FROM audit_events WHERE id = $1 LIMIT 1', [
    id,
  ]);
  return rows[0];
};
