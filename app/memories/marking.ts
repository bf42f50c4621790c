import { parseEvent } from '../audit/event.js';
import type { AuditTrail } from '../audit/trail.js';
import { BEFORE_ALL } from '../db/first-id.js';
import { type Database, inRetriedTransaction, type Queryable } from '../db/pool.js';
import { startLoop } from '../loop.js';
import type { Vault } from '../tenancy/vault.js';
import { historyMac } from './history-mac.js';
import type { HistoryRow } from './history-store.js';
import { MARKED_COLUMNS, type MarkedRow } from './row-jcs.js';
import type { RowMarks } from './row-mac.js';

export interface MarkingOptions {
  readonly db: Database;
  readonly vault: Pick<Vault, 'prepare' | 'rowMacOfJcs'>;
  readonly marks: RowMarks;
  readonly audit: Pick<AuditTrail, 'record'>;
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
}

export interface MarkingWorker {
  stop(): Promise<void>;
}

/** Some 20 ms of a transaction. */
const BATCH = 1_000;
/** Until the replicas of the version before are gone: a rollout takes minutes. */
const ROLLOUT_MINUTES = 15;
/** What clocks differ by, and a transaction lasts, at most. */
const LAG_MINUTES = 5;
const LOOK_AGAIN_MS = 60_000;
const DONE_MS = 24 * 60 * 60_000;
const TROUBLE_MS = 5_000;

/** What the event says that the log gets when all rows have their MACs, of the version that each was. */
const CODES = { 1: 'row_mac', 2: 'row_mac_2' } as const;

/**
 * Gives the rows of before a migration their MACs, and those with a MAC of the version before one of this, once in the life
 * of a database each. That it is through is an event of the audit log, which nobody takes out unseen: from then on a row
 * without a MAC, or with an older one, is refused, whoever emptied or set back the column. Resolves after the first look,
 * whatever its outcome.
 */
export const startMarking = async (options: MarkingOptions): Promise<MarkingWorker> => {
  let look: () => void = () => undefined;
  const looked = new Promise<void>((resolve) => {
    look = resolve;
  });
  const loop = startLoop({
    turn: () => markAll(options, () => loop.isStopped()).finally(look),
    onTrouble: (err) => options.log.warn({ err }, 'rows could not be given their MACs, will be tried again'),
    troubleMs: TROUBLE_MS,
  });
  await looked;
  return { stop: () => loop.stop() };
};

const markAll = async (options: MarkingOptions, isStopped: () => boolean): Promise<number> => {
  const { db, marks, audit, log } = options;
  const marked = await selectMarked(db);
  if (marked.has(CODES[2])) {
    marks.follow('done');
    return DONE_MS;
  }
  const isFirst = !marked.has(CODES[1]);
  const { settled, isAlone, isOver } = await selectRollout(db);
  marks.follow(isFirst ? 'running' : 'upgrading', settled);
  let rows = await markEvents(options, isStopped);
  if (isFirst || isAlone) rows += await markMemories(options, isStopped);
  if (rows > 0) log.info({ rows }, 'rows of before the upgrade got their MACs');
  if (isStopped() || !isOver) return LOOK_AGAIN_MS;
  await inRetriedTransaction(db, (transaction) =>
    audit.record(transaction, { type: 'data.marked', code: CODES[2], resource: { kind: 'table', id: 'memories' } }),
  );
  marks.follow('done');
  return DONE_MS;
};

/** A row that was forged gets no new MAC: it stays refused. How many got one. */
const markMemories = async ({ db, vault, marks }: MarkingOptions, isStopped: () => boolean): Promise<number> => {
  let marked = 0;
  for (let after = BEFORE_ALL; !isStopped(); ) {
    const batch = await inRetriedTransaction(db, async (transaction) => {
      const { rows } = await transaction.query<MarkedRow>(
        `SELECT ${MARKED_COLUMNS}, mac FROM memories WHERE id > $1 AND (mac IS NULL OR octet_length(mac) = 32)
         ORDER BY id LIMIT ${BATCH} FOR UPDATE`,
        [after],
      );
      await vault.prepare([]);
      const genuine = marks.genuine(rows);
      await transaction.query(
        `UPDATE memories SET mac = marked.mac FROM unnest($1::uuid[], $2::bytea[]) AS marked (id, mac)
         WHERE memories.id = marked.id`,
        [genuine.map(({ id }) => id), genuine.map((row) => marks.mac(row))],
      );
      return { last: rows.at(-1), marked: genuine.length };
    });
    marked += batch.marked;
    if (!batch.last) break;
    after = batch.last.id;
  }
  return marked;
};

const markEvents = async ({ db, vault }: MarkingOptions, isStopped: () => boolean): Promise<number> => {
  let marked = 0;
  for (let after = 0; !isStopped(); ) {
    const rows = await inRetriedTransaction(db, async (transaction) => {
      const found = await transaction.query<HistoryRow & { readonly seq: number }>(
        `SELECT * FROM memory_history WHERE seq > $1 AND mac IS NULL ORDER BY seq LIMIT ${BATCH}`,
        [after],
      );
      await vault.prepare([]);
      await transaction.query(
        `UPDATE memory_history SET mac = marked.mac FROM unnest($1::uuid[], $2::bytea[]) AS marked (id, mac)
         WHERE memory_history.id = marked.id AND memory_history.mac IS NULL`,
        [found.rows.map(({ id }) => id), found.rows.map((row) => historyMac(vault, row))],
      );
      return found.rows;
    });
    marked += rows.length;
    const last = rows.at(-1);
    if (!last) break;
    after = last.seq;
  }
  return marked;
};

const selectMarked = async (db: Queryable): Promise<ReadonlySet<string | null>> => {
  const { rows } = await db.query<{ bytes: Buffer }>(`SELECT bytes FROM audit_events WHERE type = 'data.marked'`);
  return new Set(rows.map(({ bytes }) => parseEvent(bytes).code));
};

interface Rollout {
  /** From then on no replica of the version before is there: what it cannot read may be written. */
  readonly settled: Date;
  readonly isAlone: boolean;
  /** And none of this version writes any more what the version before can read. */
  readonly isOver: boolean;
}

/** A database that was made with these MACs has no replica that knows of none; an older one is given the time of a rollout. */
const selectRollout = async (db: Queryable): Promise<Rollout> => {
  const { rows } = await db.query<Rollout>(
    `SELECT settled, settled <= now() AS "isAlone", is_new OR settled + interval '${LAG_MINUTES} minutes' <= now() AS "isOver"
     FROM (SELECT is_new, CASE WHEN is_new THEN marked ELSE marked + interval '${ROLLOUT_MINUTES} minutes' END AS settled
       FROM (SELECT max(applied_at) AS marked, max(applied_at) < first + interval '5 minutes' AS is_new
         FROM schema_migrations, (SELECT min(applied_at) AS first FROM schema_migrations) AS beginning
         WHERE name LIKE '%\\_bound\\_rows' GROUP BY first) AS migrated) AS rollout`,
  );
  const [rollout] = rows;
  if (!rollout) throw new Error('The migration that binds rows is not in schema_migrations');
  return rollout;
};
