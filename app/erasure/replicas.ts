import type { Logger } from 'pino';
import type { Database, Queryable } from '../db/pool.js';
import type { Vault } from '../tenancy/vault.js';

/** Seldom enough that five hundred tenants cost a database fifty writes a second. */
const BEAT_MS = 10_000;
/** Whether an erasure waits for us is asked more often, so that it waits for seconds. */
const LOOK_MS = 2_000;
/** Three beats: whoever has not been seen for so long is not serving, or has lost its database and serves nothing. */
const LIVING_SECONDS = 30;

/** This process, among those that hold keys in memory. */
export interface Replica {
  /** Reads the keyring and tells that it has. */
  beat(): Promise<void>;
  stop(): Promise<void>;
}

export interface ReplicaOptions {
  readonly db: Database;
  readonly vault: Vault;
  readonly log: Pick<Logger, 'warn'>;
  readonly newId: () => string;
}

export const startReplica = ({ db, vault, log, newId }: ReplicaOptions): Replica => {
  const id = newId();
  let stopped = false;
  let beatenAt = Date.now();
  let told: Promise<unknown> = Promise.resolve();
  const tell = (): Promise<void> => {
    const telling = upsertReplica(db, id, vault.epoch());
    told = Promise.allSettled([told, telling]);
    return telling;
  };
  const beat = async (): Promise<void> => {
    await vault.refresh();
    if (stopped) return;
    await tell();
    beatenAt = Date.now();
  };
  const look = async (): Promise<void> => {
    if (Date.now() - beatenAt >= BEAT_MS || (await isAwaited(db, vault.epoch()))) await beat();
  };
  const timer = setInterval(() => {
    look().catch((err: unknown) => log.warn({ err }, 'the keyring is not acknowledged; an erasure waits for it'));
  }, LOOK_MS);
  timer.unref();
  tell().catch(() => undefined);
  return {
    beat,
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      // A beat that came after the row was deleted would leave it behind: an erasure would wait for nobody.
      await told;
      await db.query('DELETE FROM replicas WHERE id = $1', [id]).catch(() => undefined);
    },
  };
};

const isAwaited = async (db: Queryable, epoch: number): Promise<boolean> => {
  const { rowCount } = await db.query(
    `SELECT 1 FROM erasures WHERE status = 1 AND (facts -> 'keys' ->> 'epochAfter')::bigint > $1 LIMIT 1`,
    [epoch],
  );
  return (rowCount ?? 0) > 0;
};

const upsertReplica = async (db: Queryable, id: string, epoch: number): Promise<void> => {
  await db.query(
    `INSERT INTO replicas (id, epoch, seen_at) VALUES ($1, $2, now())
     ON CONFLICT (id) DO UPDATE SET epoch = EXCLUDED.epoch, seen_at = now()`,
    [id, epoch],
  );
};

/** Of those that live, how many know the keyring at that epoch, and how many do not yet. */
export const countReplicas = async (
  db: Queryable,
  epoch: number,
): Promise<{ readonly acked: number; readonly behind: number }> => {
  const { rows } = await db.query<{ acked: number; behind: number }>(
    `SELECT count(*) FILTER (WHERE epoch >= $1) AS acked, count(*) FILTER (WHERE epoch < $1) AS behind
     FROM replicas WHERE seen_at > now() - $2 * interval '1 second'`,
    [epoch, LIVING_SECONDS],
  );
  return rows[0] ?? { acked: 0, behind: 0 };
};

export const deleteDeadReplicas = async (db: Queryable): Promise<void> => {
  await db.query(`DELETE FROM replicas WHERE seen_at < now() - interval '1 hour'`);
};
