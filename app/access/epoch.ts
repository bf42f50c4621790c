import type { Queryable } from '../db/pool.js';

/** Whether keys or roles have changed since, here or in another replica, at the cost of one small query twice a second. */
export interface Epoch {
  /** A promise to wait for when what is known may be older than a second, else nothing. */
  freshen(): Promise<void> | undefined;
  /** Counts a change, in the transaction of the change. */
  advance(transaction: Queryable): Promise<void>;
  /** After that transaction: everything cached here is forgotten before the answer goes out. */
  refresh(): Promise<void>;
  /** Called whenever the number is another one. */
  onChange(forget: () => void): void;
}

export interface EpochOptions {
  readonly db: Queryable;
  readonly now?: () => number;
}

/** Asked again in the background after this long, while there are requests. */
const REFRESH_MS = 400;
/** Nobody acts on what is older: a change is in force everywhere within a second. */
const STALE_MS = 900;

const selectEpoch = async (db: Queryable): Promise<number> => {
  const { rows } = await db.query<{ epoch: number }>('SELECT epoch FROM access_epoch');
  return Number(rows[0]?.epoch ?? 0);
};

const incrementEpoch = async (transaction: Queryable): Promise<void> => {
  await transaction.query('UPDATE access_epoch SET epoch = epoch + 1');
};

export const createEpoch = ({ db, now = Date.now }: EpochOptions): Epoch => {
  const listeners: (() => void)[] = [];
  let seen: number | undefined;
  let checkedAt = Number.NEGATIVE_INFINITY;
  let looking: Promise<void> | undefined;

  const look = async (): Promise<void> => {
    try {
      const epoch = await selectEpoch(db);
      if (epoch !== seen) for (const forget of listeners) forget();
      seen = epoch;
    } catch {
      // Without its database the service goes on with what it knows; entries end by their own age.
    }
    checkedAt = now();
    looking = undefined;
  };
  const start = (): Promise<void> => {
    looking ??= look();
    return looking;
  };
  return {
    freshen: () => {
      const age = now() - checkedAt;
      if (age < REFRESH_MS) return undefined;
      const looked = start();
      return age < STALE_MS ? undefined : looked;
    },
    advance: incrementEpoch,
    refresh: async () => {
      // One that is under way may have read the number before the change.
      await looking;
      await start();
    },
    onChange: (forget) => {
      listeners.push(forget);
    },
  };
};
