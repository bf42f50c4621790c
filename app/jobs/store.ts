import type { Queryable } from '../db/pool.js';

export const JOB_STATUSES = ['pending', 'running', 'succeeded', 'partial', 'failed', 'cancelled'] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

export interface JobRow {
  readonly id: string;
  readonly kind: string;
  readonly slot: number;
  readonly user_ref: string | null;
  readonly sealed_input: Buffer;
  readonly sealed_result: Buffer | null;
  readonly status: number;
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  readonly attempts: number;
  readonly cancelling: boolean;
  readonly created_by: string;
  readonly created_at: Date;
  readonly started_at: Date | null;
  readonly finished_at: Date | null;
}

export type NewJob = Pick<
  JobRow,
  'id' | 'kind' | 'slot' | 'user_ref' | 'sealed_input' | 'total' | 'created_by' | 'created_at'
>;

export const insertJob = async (db: Queryable, job: NewJob): Promise<JobRow> => {
  const { rows } = await db.query<JobRow>(
    `INSERT INTO jobs (id, kind, slot, user_ref, sealed_input, total, created_by, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING *`,
    [job.id, job.kind, job.slot, job.user_ref, job.sealed_input, job.total, job.created_by, job.created_at],
  );
  return rows[0] as JobRow;
};

/** Whose jobs are meant: a person's own, or all of the tenant. */
export interface JobViewer {
  readonly userRef: string | null;
  readonly everything: boolean;
}
/** Uses $1 and $2. */
const VISIBLE = '($1::boolean OR user_ref = $2::uuid)';
const visibleTo = ({ everything, userRef }: JobViewer): readonly unknown[] => [everything, userRef];

export const selectJob = async (db: Queryable, viewer: JobViewer, id: string): Promise<JobRow | undefined> => {
  const { rows } = await db.query<JobRow>(`SELECT * FROM jobs WHERE ${VISIBLE} AND id = $3`, [
    ...visibleTo(viewer),
    id,
  ]);
  return rows[0];
};

export interface JobPage {
  readonly status: number | null;
  readonly after: { readonly createdAt: string; readonly id: string } | null;
  readonly limit: number;
}

export const selectJobs = async (db: Queryable, viewer: JobViewer, page: JobPage): Promise<readonly JobRow[]> => {
  const { rows } = await db.query<JobRow>(
    `SELECT * FROM jobs WHERE ${VISIBLE} AND ($3::smallint IS NULL OR status = $3)
       AND ($4::timestamptz IS NULL OR (created_at, id) < ($4, $5::uuid))
     ORDER BY created_at DESC, id DESC LIMIT $6`,
    [...visibleTo(viewer), page.status, page.after?.createdAt ?? null, page.after?.id ?? null, page.limit],
  );
  return rows;
};

/** Due, or left by a replica that died: whoever dies with a job leaves it to the next when the lease is over. */
export const claimJob = async (
  db: Queryable,
  kinds: readonly string[],
  leaseMs: number,
): Promise<JobRow | undefined> => {
  const { rows } = await db.query<JobRow>(
    `UPDATE jobs SET status = 1, attempts = attempts + 1, started_at = coalesce(started_at, now()),
       run_at = now() + $2 * interval '1 millisecond'
     WHERE id = (SELECT id FROM jobs WHERE status IN (0, 1) AND run_at <= now() AND kind = ANY ($1)
                 ORDER BY run_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
     RETURNING *`,
    [kinds, leaseMs],
  );
  return rows[0];
};

export interface Progress {
  readonly total: number;
  readonly done: number;
  readonly failed: number;
}

/** Writes the progress and keeps the lease. `lost` when somebody else has the job, `cancelled` when it shall stop. */
export const renewJob = async (
  db: Queryable,
  { id, attempts }: Pick<JobRow, 'id' | 'attempts'>,
  { total, done, failed }: Progress,
  leaseMs: number,
): Promise<'held' | 'cancelled' | 'lost'> => {
  const { rows } = await db.query<{ cancelling: boolean }>(
    `UPDATE jobs SET total = $3, done = $4, failed = $5, run_at = now() + $6 * interval '1 millisecond'
     WHERE id = $1 AND attempts = $2 AND status = 1 RETURNING cancelling`,
    [id, attempts, total, done, failed, leaseMs],
  );
  if (!rows[0]) return 'lost';
  return rows[0].cancelling ? 'cancelled' : 'held';
};

export const finishJob = async (
  db: Queryable,
  { id, attempts }: Pick<JobRow, 'id' | 'attempts'>,
  end: Progress & { readonly status: number; readonly sealed_result: Buffer },
): Promise<void> => {
  await db.query(
    // What has succeeded is never tried again: what was asked, as it came, is needed no more.
    `UPDATE jobs SET status = $3::smallint, total = $4, done = $5, failed = $6, sealed_result = $7, finished_at = now(),
       sealed_input = CASE WHEN $3::smallint = 2 THEN ''::bytea ELSE sealed_input END
     WHERE id = $1 AND attempts = $2 AND status = 1`,
    [id, attempts, end.status, end.total, end.done, end.failed, end.sealed_result],
  );
};

/** Given back: due again after so long. */
export const postponeJob = async (
  db: Queryable,
  { id, attempts }: Pick<JobRow, 'id' | 'attempts'>,
  afterMs: number,
): Promise<void> => {
  await db.query(
    `UPDATE jobs SET status = 0, run_at = now() + $3 * interval '1 millisecond' WHERE id = $1 AND attempts = $2 AND status = 1`,
    [id, attempts, afterMs],
  );
};

/** What waits is cancelled at once; what runs is told to stop. Nothing for what has ended. */
export const cancelJobRow = async (db: Queryable, id: string): Promise<JobRow | undefined> => {
  const { rows } = await db.query<JobRow>(
    `UPDATE jobs SET cancelling = true, status = CASE WHEN status = 0 THEN 5 ELSE status END,
       finished_at = CASE WHEN status = 0 THEN now() ELSE finished_at END
     WHERE id = $1 AND status IN (0, 1) RETURNING *`,
    [id],
  );
  return rows[0];
};

/** From the beginning, as the one who asked. Nothing for what has not ended badly. */
export const retryJobRow = async (db: Queryable, id: string): Promise<JobRow | undefined> => {
  const { rows } = await db.query<JobRow>(
    `UPDATE jobs SET status = 0, cancelling = false, done = 0, failed = 0, attempts = 0, run_at = now(),
       sealed_result = NULL, started_at = NULL, finished_at = NULL
     WHERE id = $1 AND status IN (3, 4, 5) RETURNING *`,
    [id],
  );
  return rows[0];
};

/** What ended long ago has been looked at, or never will be. */
export const deleteOldJobs = async (db: Queryable): Promise<void> => {
  await db.query(`DELETE FROM jobs WHERE finished_at < now() - interval '30 days'`);
};
