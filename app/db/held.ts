import type pg from 'pg';
import { type Database, laneOf, onEnd } from './pool.js';
import { isDirect } from './prepared.js';

/** A statement on a connection that is kept at hand: it is on its way before its caller goes on to something else. */
export interface HeldStatement<Row extends pg.QueryResultRow> {
  /** Nothing while the connection is in use or not there: `queryOften` answers the same, a little later. */
  ask(values: readonly unknown[]): Promise<readonly Row[]> | undefined;
}

interface Statement {
  readonly name: string;
  readonly text: string;
}

/** So long after it was last used the connection goes back to the others. */
const IDLE_MS = 10_000;

export const holdStatement = <Row extends pg.QueryResultRow>(db: Database, statement: Statement): HeldStatement<Row> =>
  new Held<Row>(db, statement);

class Held<Row extends pg.QueryResultRow> implements HeldStatement<Row> {
  readonly #pool: Database;
  readonly #statement: Statement;
  #client: pg.PoolClient | undefined;
  /** `never` behind a pooler, at the end, and where no connection would be left for others. */
  #state: 'none' | 'opening' | 'free' | 'busy' | 'never';
  #idle: NodeJS.Timeout | undefined;
  #usedAt = 0;

  constructor(db: Database, statement: Statement) {
    const { pool, alone } = laneOf(db);
    this.#pool = pool;
    this.#statement = statement;
    this.#state = alone ? 'none' : 'never';
    onEnd(db, () => {
      if (this.#state === 'free') this.#letGo();
      this.#state = 'never';
    });
  }

  ask(values: readonly unknown[]): Promise<readonly Row[]> | undefined {
    if (this.#state === 'none' && takeTurn(this.#pool)) void this.#open();
    const client = this.#client;
    if (this.#state !== 'free' || client === undefined) return undefined;
    this.#state = 'busy';
    this.#usedAt = performance.now();
    return this.#run(client, values);
  }

  async #run(client: pg.PoolClient, values: readonly unknown[]): Promise<readonly Row[]> {
    try {
      const { rows } = await client.query<Row>({ ...this.#statement, values: [...values] });
      if (this.#state === 'busy') this.#state = 'free';
      else this.#letGo();
      return rows;
    } catch (cause) {
      this.#letGo(cause as Error);
      throw cause;
    }
  }

  async #open(): Promise<void> {
    this.#state = 'opening';
    try {
      const client = await this.#pool.connect();
      const direct = await isDirect(client, true).catch((cause: Error) => client.release(cause));
      if (direct && this.#isOpening()) this.#keep(client);
      else {
        if (direct !== undefined) client.release();
        this.#giveUp(direct === undefined ? 'none' : 'never');
      }
    } catch {
      // Why there is none is told to whoever asks by the other way.
      this.#giveUp('none');
    }
  }

  #giveUp(state: 'none' | 'never'): void {
    giveTurn(this.#pool);
    if (this.#isOpening()) this.#state = state;
  }

  #isOpening(): boolean {
    return this.#state === 'opening';
  }

  #keep(client: pg.PoolClient): void {
    this.#client = client;
    this.#state = 'free';
    // One that dies between two questions must not fail the next.
    client.once('error', (cause) => {
      if (this.#client === client && this.#state === 'free') this.#letGo(cause);
    });
    this.#idle = setInterval(() => {
      if (this.#state === 'free' && performance.now() - this.#usedAt > IDLE_MS) this.#letGo();
    }, IDLE_MS).unref();
  }

  #letGo(failed?: Error): void {
    clearInterval(this.#idle);
    if (this.#client) giveTurn(this.#pool);
    this.#client?.release(failed);
    this.#client = undefined;
    if (this.#state !== 'never') this.#state = 'none';
  }
}

/** How many of a lane's connections are held. One is always left for those who come and go. */
const turns = new WeakMap<Database, number>();

const takeTurn = (lane: Database): boolean => {
  const held = turns.get(lane) ?? 0;
  if (held + 1 >= lane.options.max) return false;
  turns.set(lane, held + 1);
  return true;
};

const giveTurn = (lane: Database): void => void turns.set(lane, (turns.get(lane) ?? 1) - 1);
