import type { Step } from '../db/flight.js';
import type { Queryable } from '../db/pool.js';
import type { AuditEvent, EventParts } from './event.js';

/** 1: the facts of a write. 2: reads, or denials that came too fast to be events of their own. */
export type BatchKind = 1 | 2;

export interface PendingEvent extends EventParts {
  readonly id: string;
  readonly at: Date;
  readonly type: string;
  readonly actor: string;
  readonly resource: string | null;
  readonly batch: { readonly kind: BatchKind; readonly body: Buffer; readonly ids: readonly string[] } | null;
  readonly details: readonly DetailRow[];
}

export interface DetailRow {
  readonly n: number;
  readonly slot: number;
  readonly sealed: Buffer;
}

export const insertPending = async (db: Queryable, event: PendingEvent): Promise<void> => {
  const { text, values } = pendingStep([event]);
  await db.query(text, [...values]);
};

const EVENT = ['id', 'at', 'type', 'actor', 'resource', 'head', 'middle', 'tail'] as const;

/** Events with their batches and details in one statement, so that all are there or none: it is on the path of every write. */
export const pendingStep = (events: readonly PendingEvent[]): Required<Pick<Step, 'text' | 'values'>> => {
  const [first, ...others] = events;
  return first?.batch && first.details.length === 0 && others.length === 0
    ? oneWriteStep(first, first.batch)
    : severalStep(events);
};

/** Values as they are: in a list the facts of a thousand memories would travel, and be read, as hexadecimal text. */
const oneWriteStep = (event: PendingEvent, { kind, body, ids }: NonNullable<PendingEvent['batch']>) => ({
  text: `WITH batch AS (INSERT INTO audit_batches (event, kind, body, ids) VALUES ($1::uuid, $9, $10, $11))
     INSERT INTO audit_pending (id, at, type, actor, resource, head, middle, tail) VALUES ($1::uuid, $2, $3, $4, $5, $6, $7, $8)`,
  values: [...EVENT.map((name) => event[name]), kind, body, ids],
});

const severalStep = (events: readonly PendingEvent[]): Required<Pick<Step, 'text' | 'values'>> => {
  const batches = events.flatMap(({ id, batch }) => (batch ? [{ id, ...batch }] : []));
  const details = events.flatMap(({ id, details: own }) => own.map((detail) => ({ id, ...detail })));
  return {
    // The memories that were read: a batch of reads is always recorded alone.
    text: `WITH batch AS (
       INSERT INTO audit_batches (event, kind, body, ids) SELECT b.*, $12::uuid[] FROM unnest($9::uuid[], $10::smallint[], $11::bytea[]) AS b
     ), detail AS (
       INSERT INTO audit_details (event, n, slot, sealed) SELECT * FROM unnest($13::uuid[], $14::integer[], $15::bigint[], $16::bytea[])
     )
     INSERT INTO audit_pending (id, at, type, actor, resource, head, middle, tail) SELECT * FROM unnest
       ($1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::bytea[], $8::bytea[])`,
    values: [
      ...EVENT.map((name) => events.map((event) => event[name])),
      ...(['id', 'kind', 'body'] as const).map((name) => batches.map((batch) => batch[name])),
      batches.length === 1 ? batches[0]?.ids : [],
      ...(['id', 'n', 'slot', 'sealed'] as const).map((name) => details.map((detail) => detail[name])),
    ],
  };
};

/** How many events were put in order; `undefined` while another connection is at it. */
export const sequencePending = async (db: Queryable, most: number): Promise<number | undefined> => {
  const { rows } = await db.query<{ sequenced: number | null }>('SELECT audit_sequence($1) AS sequenced', [most]);
  return rows[0]?.sequenced ?? undefined;
};

/** Until nobody is at it: the lock that `audit_sequence` tries, for the length of this statement. */
export const awaitSequencer = async (db: Queryable): Promise<void> => {
  await db.query('SELECT pg_advisory_xact_lock(28001, hashtext(current_schema()))');
};

export interface EventRow {
  readonly seq: number;
  readonly id: string;
  readonly leaf: Buffer;
  readonly bytes: Buffer;
}

export const selectEvents = async (db: Queryable, from: number, limit: number): Promise<readonly EventRow[]> => {
  const { rows } = await db.query<EventRow>(
    'SELECT seq, id, leaf, bytes FROM audit_events WHERE seq >= $1 ORDER BY seq LIMIT $2',
    [from, limit],
  );
  return rows;
};

export const selectHead = async (db: Queryable): Promise<{ readonly size: number; readonly hash: Buffer }> => {
  const { rows } = await db.query<{ size: number; hash: Buffer }>('SELECT size, hash FROM audit_head');
  const [head] = rows;
  if (!head) throw new Error('The table audit_head is empty: run the role migrate, or restore it from a backup');
  return head;
};

export interface CheckpointRow {
  readonly size: number;
  readonly root: Buffer;
  readonly note: Buffer;
}

export const selectLastCheckpoint = async (db: Queryable): Promise<CheckpointRow | undefined> => {
  const { rows } = await db.query<CheckpointRow>(
    'SELECT size, root, note FROM audit_checkpoints ORDER BY size DESC LIMIT 1',
  );
  return rows[0];
};

export const insertCheckpoint = async (db: Queryable, { size, root, note }: CheckpointRow): Promise<void> => {
  await db.query('INSERT INTO audit_checkpoints (size, root, note) VALUES ($1, $2, $3) ON CONFLICT (size) DO NOTHING', [
    size,
    root,
    note,
  ]);
};

export interface TreeRow {
  readonly level: number;
  readonly n: number;
  readonly hash: Buffer;
}

export const insertTree = async (db: Queryable, rows: readonly TreeRow[]): Promise<void> => {
  if (rows.length === 0) return;
  await db.query(
    `INSERT INTO audit_tree (level, n, hash) SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bytea[]) ON CONFLICT DO NOTHING`,
    [rows.map(({ level }) => level), rows.map(({ n }) => n), rows.map(({ hash }) => hash)],
  );
};

/** Hashes `from` to `to` (without) of a level: 0 the leaves, above it the roots of 256^level leaves. */
export const selectHashes = async (
  db: Queryable,
  level: number,
  from: number,
  to: number,
): Promise<readonly Buffer[]> => {
  const { rows } =
    level === 0
      ? await db.query<{ hash: Buffer }>(
          'SELECT leaf AS hash FROM audit_events WHERE seq >= $1 AND seq < $2 ORDER BY seq',
          [from, to],
        )
      : await db.query<{ hash: Buffer }>(
          'SELECT hash FROM audit_tree WHERE level = $3 AND n >= $1 AND n < $2 ORDER BY n',
          [from, to, level],
        );
  return rows.map(({ hash }) => hash);
};

/** The highest epoch of the keyring that the log knows of: a keyring below it was replayed. */
export const selectKeyringEpoch = async (db: Queryable): Promise<number> => {
  const { rows } = await db.query<{ bytes: Buffer }>(
    `SELECT bytes FROM audit_events WHERE type = 'keys.epoch' ORDER BY seq DESC LIMIT 1`,
  );
  const [row] = rows;
  if (!row) return 0;
  const event = JSON.parse(row.bytes.toString('utf8')) as { resource?: { version?: number } };
  return event.resource?.version ?? 0;
};

/** The number of the last read of a writer's life that is in the log; 0 for none. */
export const selectLastRead = async (
  db: Queryable,
  { writer, epoch }: { readonly writer: string; readonly epoch: number },
): Promise<number> => {
  const { rows } = await db.query<{ bytes: Buffer }>(
    `SELECT bytes FROM audit_events WHERE resource = $1 AND type = 'access.batch' ORDER BY seq DESC LIMIT 100`,
    [writer],
  );
  const events = rows.map(({ bytes }) => JSON.parse(bytes.toString('utf8')) as AuditEvent);
  return Math.max(
    0,
    ...events.filter(({ resource }) => resource?.version === epoch).map(({ batch }) => batch?.to ?? 0),
  );
};
