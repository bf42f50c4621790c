import type { Queryable } from '../db/pool.js';
import { VECTOR_PENDING } from './rows.js';

/** Longer than the local model needs for a thousand texts; who waits longer asks for the memory instead. */
const PATIENCE_MS = 30_000;
/** A look costs a fraction of a millisecond. */
const LOOK_MS = 10;

/** Until none of these memories owes a vector any more; what still does after half a minute says so by its status. */
export const awaitVectors = async (db: Queryable, ids: readonly string[]): Promise<void> => {
  const deadline = Date.now() + PATIENCE_MS;
  while ((await countPending(db, ids)) > 0 && Date.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
};

const countPending = async (db: Queryable, ids: readonly string[]): Promise<number> => {
  const { rows } = await db.query<{ count: number }>(
    `SELECT count(*) AS count FROM memories WHERE id = ANY ($1::uuid[]) AND vector_status = ${VECTOR_PENDING}`,
    [ids],
  );
  return rows[0]?.count ?? 0;
};
