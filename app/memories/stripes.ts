import type { Queryable } from '../db/pool.js';

/** Few enough that a batch of any size fits the server's table of locks, many enough that strangers seldom meet. */
const STRIPES = 128;

/** Takes turns with others who are at the same tokens, until the transaction ends; in one order for everybody. */
export const lockStripes = async (
  transaction: Queryable,
  what: 'fact' | 'content',
  tokens: readonly Buffer[],
): Promise<void> => {
  const stripes = [...new Set(tokens.map((token) => token.readUInt16BE(0) % STRIPES))].sort((a, b) => a - b);
  await transaction.query(
    `SELECT pg_advisory_xact_lock(hashtext(current_schema() || $1), stripe) FROM unnest($2::integer[]) AS stripe`,
    [` ${what}`, stripes],
  );
};
