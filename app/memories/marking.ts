import type { AuditTrail } from '../audit/trail.js';
import { type Database, inRetriedTransaction, type Queryable } from '../db/pool.js';
import { startLoop } from '../loop.js';
import type { Vault } from '../tenancy/vault.js';
import { MARKED, type Marked, type RowMarks } from './row-mac.js';

export interface MarkingOptions {
  readonly db: Database;
  readonly vault: Pick<Vault, 'prepare'>;
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
const LOOK_AGAIN_MS = 60_000;
const DONE_MS = 24 * 60 * 60_000;
const TROUBLE_MS = 5_000;

/**
 * Gives the rows of before the migration their MACs, once in the life of a database. That it is through is an event of the
 * audit log, which nobody takes out unseen: from then on a row without a MAC is refused, whoever emptied the column. Resolves
 * after the first look, whatever its outcome.
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
  if (await isMarked(db)) {
    marks.follow('done');
    return DONE_MS;
  }
  marks.follow('running');
  let rows = 0;
  for (let done = BATCH; done === BATCH && !isStopped(); rows += done) done = await markBatch(options);
  if (rows > 0) log.info({ rows }, 'rows of before the upgrade got their MACs');
  if (isStopped() || !(await isSettled(db))) return LOOK_AGAIN_MS;
  await inRetriedTransaction(db, (transaction) =>
    audit.record(transaction, { type: 'data.marked', code: 'row_mac', resource: { kind: 'table', id: 'memories' } }),
  );
  marks.follow('done');
  return DONE_MS;
};

const markBatch = ({ db, vault, marks }: MarkingOptions): Promise<number> =>
  inRetriedTransaction(db, async (transaction) => {
    const { rows } = await transaction.query<Marked>(
      `SELECT ${MARKED.join(', ')} FROM memories WHERE mac IS NULL ORDER BY id LIMIT ${BATCH} FOR UPDATE`,
    );
    if (rows.length === 0) return 0;
    await vault.prepare([]);
    await transaction.query(
      `UPDATE memories SET mac = marked.mac FROM unnest($1::uuid[], $2::bytea[]) AS marked (id, mac)
       WHERE memories.id = marked.id`,
      [rows.map(({ id }) => id), rows.map((row) => marks.mac(row))],
    );
    return rows.length;
  });

const isMarked = async (db: Queryable): Promise<boolean> =>
  (await db.query(`SELECT 1 FROM audit_events WHERE type = 'data.marked' LIMIT 1`)).rows.length > 0;

/** A database that was made with MACs has no replica that knows of none; an older one is given the time of a rollout. */
const isSettled = async (db: Queryable): Promise<boolean> => {
  const { rows } = await db.query<{ settled: boolean | null }>(
    `SELECT marked < first + interval '5 minutes' OR marked < now() - interval '${ROLLOUT_MINUTES} minutes' AS settled
     FROM (SELECT min(applied_at) AS first, max(applied_at) FILTER (WHERE name LIKE '%\\_row\\_mac') AS marked
           FROM schema_migrations) AS migrations`,
  );
  return rows[0]?.settled === true;
};
