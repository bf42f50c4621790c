import type { Queryable } from '../db/pool.js';
import type { Counts } from './tasks.js';

export const TASKS = ['expiry', 'forgetting', 'holds'] as const;
export type TaskName = (typeof TASKS)[number];

export interface TaskRow {
  readonly name: TaskName;
  readonly next_run_at: Date;
}

export interface RunRow {
  readonly id: string;
  readonly task: TaskName;
  readonly trigger: 'schedule' | 'request';
  readonly status: 'pending' | 'running' | 'succeeded' | 'failed';
  readonly counts: Counts;
  readonly error: string | null;
  readonly created_at: Date;
  readonly started_at: Date | null;
  readonly finished_at: Date | null;
}

/** A shorter interval counts from now on, not from the next run on. */
export const capNextRun = async (db: Queryable, task: TaskName, intervalSeconds: number): Promise<void> => {
  await db.query(
    `UPDATE lifecycle_tasks SET next_run_at = now() + $2 * interval '1 second'
     WHERE name = $1 AND next_run_at > now() + $2 * interval '1 second'`,
    [task, intervalSeconds],
  );
};

/** A task that is due, or that somebody asked for, and that no replica is at. Whoever dies with it leaves it after the lease. */
export const claimTask = async (db: Queryable, leaseSeconds: number): Promise<TaskName | undefined> => {
  const { rows } = await db.query<{ name: TaskName }>(
    `UPDATE lifecycle_tasks SET leased_until = now() + $1 * interval '1 second'
     WHERE name = (
       SELECT name FROM lifecycle_tasks AS due
       WHERE leased_until <= now() AND (next_run_at <= now()
         OR EXISTS (SELECT 1 FROM lifecycle_runs WHERE task = due.name AND status = 'pending'))
       ORDER BY next_run_at LIMIT 1 FOR UPDATE SKIP LOCKED
     ) RETURNING name`,
    [leaseSeconds],
  );
  return rows[0]?.name;
};

/** The run that was asked for, else a new one. What a dead process left running has failed. */
export const startRun = async (db: Queryable, id: string, task: TaskName): Promise<string> => {
  await db.query(
    `UPDATE lifecycle_runs SET status = 'failed', finished_at = now(), error = 'the process that ran it ended'
     WHERE task = $1 AND status = 'running'`,
    [task],
  );
  const { rows } = await db.query<{ id: string }>(
    `UPDATE lifecycle_runs SET status = 'running', started_at = now()
     WHERE id = (SELECT id FROM lifecycle_runs WHERE task = $1 AND status = 'pending' ORDER BY created_at LIMIT 1)
     RETURNING id`,
    [task],
  );
  if (rows[0]) return rows[0].id;
  await db.query(
    `INSERT INTO lifecycle_runs (id, task, trigger, status, created_at, started_at)
     VALUES ($1, $2, 'schedule', 'running', now(), now())`,
    [id, task],
  );
  return id;
};

export const finishRun = async (
  db: Queryable,
  task: TaskName,
  run: { readonly id: string; readonly counts: Counts; readonly error: string | null },
  intervalSeconds: number,
): Promise<void> => {
  await db.query(`UPDATE lifecycle_runs SET status = $2, counts = $3, error = $4, finished_at = now() WHERE id = $1`, [
    run.id,
    run.error === null ? 'succeeded' : 'failed',
    JSON.stringify(run.counts),
    run.error,
  ]);
  await db.query(
    `UPDATE lifecycle_tasks SET leased_until = '-infinity',
       next_run_at = CASE WHEN next_run_at <= now() THEN now() + $2 * interval '1 second' ELSE next_run_at END
     WHERE name = $1`,
    [task, intervalSeconds],
  );
};

export const insertPendingRun = async (db: Queryable, id: string, task: TaskName): Promise<void> => {
  await db.query(
    `INSERT INTO lifecycle_runs (id, task, trigger, status, created_at) VALUES ($1, $2, 'request', 'pending', now())`,
    [id, task],
  );
};

export const selectTasks = async (db: Queryable): Promise<readonly TaskRow[]> => {
  const { rows } = await db.query<TaskRow>('SELECT name, next_run_at FROM lifecycle_tasks ORDER BY name');
  return rows;
};

export const selectRuns = async (db: Queryable, limit: number): Promise<readonly RunRow[]> => {
  const { rows } = await db.query<RunRow>('SELECT * FROM lifecycle_runs ORDER BY created_at DESC, id DESC LIMIT $1', [
    limit,
  ]);
  return rows;
};

export const selectRun = async (db: Queryable, id: string): Promise<RunRow | undefined> => {
  const { rows } = await db.query<RunRow>('SELECT * FROM lifecycle_runs WHERE id = $1', [id]);
  return rows[0];
};

/** The latest of each task stay, so that its status can be told. */
export const deleteOldRuns = async (db: Queryable): Promise<void> => {
  await db.query(
    `DELETE FROM lifecycle_runs AS old WHERE created_at < now() - interval '30 days'
       AND EXISTS (SELECT 1 FROM lifecycle_runs WHERE task = old.task AND created_at > old.created_at)`,
  );
};
