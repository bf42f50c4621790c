import { hash } from 'node:crypto';
import type pg from 'pg';
import { createLruMap } from '../tenancy/lru-map.js';
import { type Database, laneOf } from './pool.js';

/**
 * Statements that come again and again are planned once a connection: of a short one the plan costs more than the rest. A
 * pooler in transaction mode gives each transaction another connection, on which no statement is known; behind one, and for
 * what is asked seldom, a statement is sent whole.
 */
export const queryOften = async <Row extends pg.QueryResultRow>(
  db: Database,
  text: string,
  values: readonly unknown[],
): Promise<readonly Row[]> => {
  const name = nameOf(text);
  const { pool, alone } = laneOf(db);
  const client = await pool.connect();
  let failed: Error | undefined;
  try {
    const named = name !== undefined && (await isDirect(client, alone));
    const { rows } = await client.query<Row>({ text, values: [...values], ...(named ? { name } : {}) });
    return rows;
  } catch (cause) {
    // A statement that ran out of time still runs: its connection is not for others.
    failed = cause as Error;
    throw cause;
  } finally {
    client.release(failed);
  }
};

/** A statement is kept by every connection for as long as that lives: some KB each. */
const MOST = 100;
const OFTEN = 3;
const names = new Map<string, string>();
const seen = createLruMap<string, number>(500);

const nameOf = (text: string): string | undefined => {
  const known = names.get(text);
  if (known !== undefined || names.size >= MOST) return known;
  const times = (seen.get(text) ?? 0) + 1;
  if (times >= OFTEN) names.set(text, `often_${hash('sha256', text, 'hex').slice(0, 16)}`);
  seen.set(text, times);
  return undefined;
};

/**
 * Whether the process that answers is the one that was connected to: a pooler tells a number of its own. Asked once. On a
 * connection that is for nothing else a plan is made without looking at the values: to look at them each time cost three
 * times what a search's statement does.
 */
const direct = new WeakMap<object, boolean>();

export const isDirect = async (client: pg.PoolClient, alone: boolean): Promise<boolean> => {
  const known = direct.get(client);
  if (known !== undefined) return known;
  const { processID } = client as unknown as { readonly processID?: number | null };
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const same = rows[0]?.pid === processID;
  if (same && alone) await client.query('SET plan_cache_mode = force_generic_plan');
  direct.set(client, same);
  return same;
};
