import type { StagedEvent } from '../audit/trail.js';
import { codeOf } from '../db/errors.js';
import { fly, type Step } from '../db/flight.js';
import type { Database } from '../db/pool.js';
import { isDirect } from '../db/prepared.js';
import { demandNoHolds } from '../holds/store.js';
import { isMember } from './admit.js';
import { buildWriteEntry } from './audit.js';
import { countByUser, roomGuards, usageStep } from './quota.js';
import { memoryStep, OUTBOX_EMBED, outboxStep, VECTOR_PENDING, vectorStep } from './rows.js';
import { tagsOfRows } from './touched.js';
import type { GroupWriter, PreparedRow, Unit, WriteContext } from './write-context.js';

/** Rows that wait at the database for nobody's look: new, of members, without a fact that others may contradict. */
export const isPlain = ({ principal, now }: WriteContext, rows: readonly PreparedRow[]): boolean =>
  rows.every(
    ({ row, quarantine }) =>
      quarantine.length === 0 &&
      row.fact_token === null &&
      (row.expires_at === null || row.expires_at > now) &&
      isMember(principal, row),
  );

/** Ids that the clients chose, or brought from elsewhere: only of these can there be anything already. */
export const givenIds = (rows: readonly PreparedRow[]): readonly string[] =>
  rows.flatMap(({ planned, row }) => (planned.draft.id === undefined && !planned.past ? NOTHING : row.id));

const NOTHING: readonly string[] = [];

/** While one transaction waits for the disk the next is encoded. More would share it among fewer. */
const LANES = 2;
/** A transaction of more rows keeps those that came first waiting. */
const MOST_ROWS = 256;
/** Enough to go by itself: nobody waits behind it. */
const LARGE = 64;

interface Waiting extends Unit {
  readonly event: StagedEvent;
  readonly settle: (written: boolean) => void;
  readonly fail: (cause: unknown) => void;
}

type Group = readonly [Waiting, ...(readonly Waiting[])];

export const createGroupWriter = (db: Database): GroupWriter => new CoalescingWriter(db);

class CoalescingWriter implements GroupWriter {
  readonly #db: Database;
  #waiting: Waiting[] = [];
  #lanes = 0;
  #isStarting = false;

  constructor(db: Database) {
    this.#db = db;
  }

  async write(unit: Unit): Promise<boolean> {
    const { context, rows } = unit;
    const written = rows.map(({ row, commit }) => ({ row, commit }));
    const event = await context.audit.stage(buildWriteEntry(context.auditEvent, written));
    return new Promise((settle, fail) => {
      const waiting = { ...unit, event, settle, fail };
      if (rows.length >= LARGE) return void this.#run([waiting]);
      this.#waiting.push(waiting);
      this.#start();
    });
  }

  /** Those who arrive in the same turn of the loop are one group. */
  #start(): void {
    if (this.#isStarting || this.#lanes >= LANES) return;
    this.#isStarting = true;
    setImmediate(() => {
      this.#isStarting = false;
      const group = this.#take();
      if (group) void this.#runNext(group);
    });
  }

  #take(): Group | undefined {
    let rows = 0;
    const end = this.#waiting.findIndex((unit) => {
      rows += unit.rows.length;
      return rows > MOST_ROWS;
    });
    const [first, ...others] = this.#waiting.splice(0, end < 0 ? this.#waiting.length : Math.max(1, end));
    return first && [first, ...others];
  }

  async #runNext(group: Group): Promise<void> {
    this.#lanes++;
    if (this.#waiting.length > 0) this.#start();
    await this.#run(group);
    this.#lanes--;
    if (this.#waiting.length > 0) this.#start();
  }

  async #run(group: Group): Promise<void> {
    try {
      const written = await commit(this.#db, group);
      if (written) await touchAll(group);
      // One of them stands in the way of the others: each looks for itself.
      for (const { settle } of group) settle(written);
    } catch (cause) {
      for (const { fail } of group) fail(cause);
    }
  }
}

const touchAll = ([first, ...others]: Group): Promise<void> => {
  const rows = [first, ...others].flatMap((unit) => unit.rows.map(({ row }) => row));
  return first.context.cache.touch(tagsOfRows(rows));
};

/** What the server said no to, in so many words, was not committed; of a connection that broke nobody knows. */
const isRefusal = (cause: unknown): boolean => /^(2[0-9A-Z]|40|42|P0)/.test(codeOf(cause));

const commit = async (db: Database, group: Group): Promise<boolean> => {
  const client = await db.connect();
  let broken: Error | undefined;
  try {
    await fly(client, buildSteps(group), await isDirect(client, false));
    return true;
  } catch (cause) {
    // What was sent ended with its Sync; a connection that answers no more is not given back.
    await client.query('SELECT').catch((error: Error) => {
      broken = error;
    });
    if (isRefusal(cause)) return false;
    throw cause;
  } finally {
    client.release(broken);
  }
};

/**
 * Of one service, so that any of them names the tenant's log and keys. They are one transaction without BEGIN and COMMIT, two
 * statements less, since they are sent behind one Sync.
 */
const buildSteps = ([first, ...others]: Group): readonly Step[] => {
  const group = [first, ...others];
  const prepared = group.flatMap(({ rows }) => rows);
  const rows = prepared.map(({ row }) => row);
  const vectors = prepared.flatMap(({ vector }) => vector ?? []);
  const owed = rows.filter((row) => row.vector_status === VECTOR_PENDING);
  const outbox = owed.map((row) => ({ kind: OUTBOX_EMBED, memory_id: row.id, version: row.version }));
  const users = countByUser(prepared);
  const { audit, marks } = first.context;
  const guards = roomGuards(
    group.map(({ context }) => context.quotas),
    users,
    rows.length,
  );
  return [
    demandNoHolds(givenIds(prepared), [...users.keys()]),
    ...guards.before,
    memoryStep(rows, marks.mac),
    ...(vectors.length > 0 ? [vectorStep(vectors)] : []),
    ...(outbox.length > 0 ? [outboxStep(outbox)] : []),
    ...audit.steps(group.map(({ event }) => event)),
    ...group.flatMap(({ beside }) => beside),
    usageStep(users, rows.length),
    ...guards.after,
  ];
};
