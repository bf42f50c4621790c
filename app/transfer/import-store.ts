import type { Queryable } from '../db/pool.js';
import type { MemoryRow } from '../memories/rows.js';

/** The memories that have one of these ids or keys, whoever they belong to; locked in the order of everybody's. */
export const selectTaken = async (
  db: Queryable,
  ids: readonly string[],
  keyTokens: readonly Buffer[],
  lock: boolean,
): Promise<readonly MemoryRow[]> => {
  const { rows } = await db.query<MemoryRow>(
    `SELECT * FROM memories WHERE id = ANY ($1::uuid[]) OR key_token = ANY ($2::bytea[])
     ORDER BY id ${lock ? 'FOR UPDATE' : ''}`,
    [ids, keyTokens],
  );
  return rows;
};

/** What took their place elsewhere. */
export const updateSuccessors = async (
  db: Queryable,
  links: readonly { readonly id: string; readonly by: string; readonly mac: Buffer }[],
): Promise<void> => {
  if (links.length === 0) return;
  await db.query(
    `UPDATE memories SET superseded_by = link.by, mac = link.mac
     FROM unnest($1::uuid[], $2::uuid[], $3::bytea[]) AS link (id, by, mac) WHERE memories.id = link.id`,
    [links.map(({ id }) => id), links.map(({ by }) => by), links.map(({ mac }) => mac)],
  );
};
