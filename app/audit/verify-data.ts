import { BEFORE_ALL } from '../db/first-id.js';
import { type Database, inTransaction, type Queryable } from '../db/pool.js';
import type { HistoryRow } from '../memories/history-store.js';
import { MARKED, type MarkedRow } from '../memories/row-jcs.js';
import type { RowMarks } from '../memories/row-mac.js';
import { isErased, type Vault } from '../tenancy/vault.js';
import { parseEvent } from './event.js';
import { HistoryGaps, type Told, tell } from './history-gaps.js';
import { decodeFacts, factRoot } from './leaves.js';

/** A row that is not what the log says of it. */
export interface DataFinding {
  readonly id: string;
  readonly what: string;
}

export interface DataReport {
  /** Memories whose content was opened and compared. */
  readonly checked: number;
  /** Nobody can open them any more: their person was erased. */
  readonly erased: number;
  /** Written before there was a log. */
  readonly unlogged: number;
  readonly findings: readonly DataFinding[];
}

const PAGE = 500;
const MOST_FINDINGS = 1_000;

interface Fact {
  readonly version: number;
  readonly op: 'put' | 'delete';
  readonly commit: Buffer;
  /** All that was told of it. */
  readonly told: Told;
}

/**
 * Replays what the log committed to and compares every row: changed, swapped and replayed contents, rows that came from
 * nowhere, rows that are gone without a deletion, and those whose owner, trust, hold, time or lineage somebody changed; and what the
 * history says of who did it and when, and lacks. All of one moment.
 */
export const verifyData = (db: Database, vault: Vault, marks: Judges): Promise<DataReport> =>
  inTransaction(db, async (transaction) => {
    await transaction.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const { facts, findings: broken } = await replayFacts(transaction);
    const findings: DataFinding[] = [...broken];
    const gaps = new HistoryGaps();
    const counts = { checked: 0, erased: 0, unlogged: 0 };
    for (let after = BEFORE_ALL; ; ) {
      const rows = await selectRows(transaction, after);
      await vault.prepare(rows.map(({ slot }) => slot));
      for (const row of rows) {
        const fact = facts.get(row.id);
        const outcome = judgeRow(vault, marks, row, fact);
        if (fact && outcome !== 'erased') gaps.expect(row.id, fact.told, false);
        if (typeof outcome === 'string') counts[outcome]++;
        else findings.push(outcome);
        facts.delete(row.id);
      }
      const last = rows.at(-1);
      if (!last || findings.length >= MOST_FINDINGS) break;
      after = last.id;
    }
    for (const [id, { told }] of facts) gaps.expect(id, told, true);
    findings.push(...(await judgeHistory(transaction, vault, marks, gaps)));
    const gone = [...facts].flatMap(([id, { op }]) =>
      op === 'put' ? [{ id, what: 'is gone, and the log knows of no deletion' }] : [],
    );
    return { ...counts, findings: [...findings, ...gone].slice(0, MOST_FINDINGS) };
  });

type Judges = Pick<RowMarks, 'verify'> & { readonly history: Pick<RowMarks['history'], 'verify'> };

interface Replay {
  /** What each memory was last. */
  readonly facts: Map<string, Fact>;
  readonly findings: readonly DataFinding[];
}

/** A batch counts only when its event vouches for it, and an event that speaks of one must have it. */
const replayFacts = async (db: Queryable): Promise<Replay> => {
  const replay = { facts: new Map<string, Fact>(), findings: [] as DataFinding[] };
  for (let seq = -1; ; ) {
    const { rows } = await db.query<{ seq: number; bytes: Buffer; body: Buffer | null }>(
      `SELECT seq, bytes, body FROM audit_events LEFT JOIN audit_batches ON event = id AND kind = 1
       WHERE seq > $1 AND type <> 'access.batch' ORDER BY seq LIMIT 200`,
      [seq],
    );
    for (const row of rows) {
      const { id, batch } = parseEvent(row.bytes);
      const root = row.body && factRoot(row.body).toString('base64');
      if ((batch?.root ?? null) === root) applyFacts(replay.facts, row.body);
      else replay.findings.push({ id, what: `is event ${row.seq}, whose facts are not what it committed to` });
    }
    const last = rows.at(-1);
    if (!last) break;
    seq = last.seq;
  }
  const pending = await db.query<{ body: Buffer }>(
    'SELECT body FROM audit_batches WHERE kind = 1 AND NOT EXISTS (SELECT FROM audit_events WHERE id = event)',
  );
  for (const { body } of pending.rows) applyFacts(replay.facts, body);
  return replay;
};

/** Versions only grow, so the highest is the last, whichever order transactions committed in. */
const applyFacts = (facts: Map<string, Fact>, body: Buffer | null): void => {
  for (const { id, version, op, commit } of decodeFacts(body ?? Buffer.alloc(0))) {
    const known = facts.get(id);
    const told = known?.told ?? [];
    tell(told, version, op);
    if ((known?.version ?? 0) <= version) facts.set(id, { version, op, commit: Buffer.from(commit), told });
  }
};

const selectRows = async (db: Queryable, after: string): Promise<readonly MarkedRow[]> => {
  const { rows } = await db.query<MarkedRow>(
    `SELECT ${MARKED.join(', ')}, mac FROM memories WHERE id > $1 ORDER BY id LIMIT $2`,
    [after, PAGE],
  );
  return rows;
};

const judgeHistory = async (
  db: Queryable,
  vault: Vault,
  marks: Judges,
  gaps: HistoryGaps,
): Promise<readonly DataFinding[]> => {
  const findings: DataFinding[] = [];
  await vault.prepare([]);
  for (let after = 0; findings.length < MOST_FINDINGS; ) {
    const { rows } = await db.query<HistoryRow & { readonly seq: number }>(
      'SELECT * FROM memory_history WHERE seq > $1 ORDER BY seq LIMIT $2',
      [after, PAGE],
    );
    for (const event of rows) {
      if (marks.history.verify(event)) {
        gaps.see(event);
        continue;
      }
      const what = `has an event of version ${event.version} in its history that this service did not write`;
      findings.push({ id: event.memory_id, what });
    }
    const last = rows.at(-1);
    if (!last) return [...findings, ...gaps.findings()];
    after = last.seq;
  }
  return findings;
};

/** What the log commits to are words; whose they are, how far they are trusted and what holds them the MAC tells. */
const judgeRow = (
  vault: Vault,
  marks: Judges,
  row: MarkedRow,
  fact: Fact | undefined,
): ReturnType<typeof compareRow> => {
  const outcome = compareRow(vault, row, fact);
  if (typeof outcome !== 'string' || marks.verify(row)) return outcome;
  return {
    id: row.id,
    what: 'has another owner, scope, trust, hold, status, time, claim or lineage than this service gave it',
  };
};

const compareRow = (
  vault: Vault,
  row: MarkedRow,
  fact: Fact | undefined,
): 'checked' | 'erased' | 'unlogged' | DataFinding => {
  const { id, version } = row;
  if (!fact) return row.audit_event === null && version === 1 ? 'unlogged' : { id, what: 'is in no event of the log' };
  if (fact.op === 'delete') return { id, what: `is here, though the log says that it was deleted at ${fact.version}` };
  if (fact.version !== version) return { id, what: `is version ${version}; the log knows ${fact.version}` };
  try {
    const place = { slot: row.slot, table: 'memories', rowId: id, version };
    const commit = vault.rowCommit(place, { sealed: row.sealed, bytes: row.envelope });
    return commit.equals(fact.commit)
      ? 'checked'
      : { id, what: `says at version ${version} something else than the log` };
  } catch (cause) {
    if (isErased(cause)) return 'erased';
    return { id, what: `cannot be opened at version ${version}: it was not sealed for this place` };
  }
};
