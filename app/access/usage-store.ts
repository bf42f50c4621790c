import type { Queryable } from '../db/pool.js';

export interface UsageRow {
  readonly day: string;
  readonly kind: string;
  readonly count: number;
}

/** In one order of rows, so that two replicas cannot wait for each other. */
export const addUsage = async (db: Queryable, rows: readonly UsageRow[]): Promise<void> => {
  await db.query(
    `INSERT INTO usage_daily (day, kind, count)
     SELECT * FROM unnest($1::date[], $2::text[], $3::bigint[]) AS added (day, kind, count) ORDER BY day, kind
     ON CONFLICT (day, kind) DO UPDATE SET count = usage_daily.count + excluded.count`,
    [rows.map(({ day }) => day), rows.map(({ kind }) => kind), rows.map(({ count }) => count)],
  );
};

export const selectUsage = async (db: Queryable, from: string, to: string): Promise<readonly UsageRow[]> => {
  const { rows } = await db.query<UsageRow>(
    `SELECT day::text AS day, kind, count FROM usage_daily WHERE day BETWEEN $1::date AND $2::date ORDER BY day, kind`,
    [from, to],
  );
  return rows;
};
