import type { Logger } from 'pino';
import { type Database, inTransaction } from '../db/pool.js';
import { messageOf } from '../http/cause.js';
import { type Loop, startLoop } from '../loop.js';
import type { Vault } from '../tenancy/vault.js';
import { selectVectors } from './feed.js';
import { openVectors } from './open-vector.js';
import {
  BEGINNING,
  countVectors,
  createPosition,
  hasLater,
  movePosition,
  type OwedChange,
  selectOwedChanges,
  takePosition,
} from './position-store.js';
import type { VectorIndex } from './vector-index.js';

export interface FeederOptions {
  readonly db: Database;
  readonly vault: Vault;
  readonly dimensions: number;
  readonly model: string;
  readonly index: VectorIndex;
  readonly log: Pick<Logger, 'warn' | 'info'>;
}

export interface Feeder {
  /** What keeps the index from being trusted; `undefined` when all is well. */
  trouble(): string | undefined;
  /** An answer of the index failed: it is looked at before it is trusted again. */
  distrust(cause: unknown): void;
  stop(): Promise<void>;
}

/** One page: a request of some 2 MB to the index. */
const PAGE = 500;
const IDLE_MS = 250;
/** An index that lost points without a word is noticed within this time. */
const COUNT_EVERY_MS = 30_000;

export const startFeeder = (options: FeederOptions): Feeder => new IndexFeeder(options);

/** Gives the index what Postgres has, in order; one replica at a time, whichever comes. */
class IndexFeeder implements Feeder {
  readonly #options: FeederOptions;
  readonly #loop: Loop;
  #trouble: string | undefined = 'the index was not looked at yet';
  #countAt = 0;

  constructor(options: FeederOptions) {
    this.#options = options;
    this.#loop = startLoop({
      turn: () => this.#turn(),
      onTrouble: (err) => {
        if (this.#trouble !== messageOf(err)) options.log.warn({ err }, 'the vector index cannot be fed');
        this.#trouble = messageOf(err);
        this.#countAt = 0;
      },
    });
  }

  trouble(): string | undefined {
    return this.#trouble;
  }

  distrust(cause: unknown): void {
    this.#trouble ??= messageOf(cause);
    this.#countAt = 0;
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  async #turn(): Promise<number> {
    if (Date.now() >= this.#countAt) await this.#verify();
    const fed = await feedPage(this.#options);
    if (fed === PAGE) return 0;
    return IDLE_MS;
  }

  /** At rest both have equally many points, or the index has lost some and starts anew. */
  async #verify(): Promise<void> {
    const { index, db, log } = this.#options;
    await index.prepare();
    await createPosition(db, index.name);
    const restarted = await restartIfLost(this.#options);
    if (restarted) log.info({ index: index.name }, 'the vector index is built anew from Postgres');
    this.#trouble = undefined;
    this.#countAt = Date.now() + COUNT_EVERY_MS;
  }
}

const restartIfLost = ({ db, index, model }: FeederOptions): Promise<boolean> =>
  inTransaction(db, async (transaction) => {
    const position = await takePosition(transaction, index.name);
    if (!position) return false;
    const behind = await hasLater(transaction, position, model);
    const [held, wanted] = [await index.count(), await countVectors(transaction, model)];
    // While changes are owed the two differ rightly, but an index that is empty after it was fed has lost all.
    const lost = behind ? held < 0 || (held === 0 && position.xid !== BEGINNING.xid) : held !== wanted;
    // So they do when something was committed while they were counted.
    if (!lost || (!behind && (await hasLater(transaction, position, model)))) return false;
    await index.clear();
    await movePosition(transaction, index.name, BEGINNING);
    return true;
  });

/** How many changes were given. The position moves only with them. */
const feedPage = (options: FeederOptions): Promise<number> =>
  inTransaction(options.db, async (transaction) => {
    const { index, model } = options;
    const position = await takePosition(transaction, index.name);
    if (!position) return 0;
    const owed = await selectOwedChanges(transaction, position, model, PAGE);
    const last = owed.at(-1);
    if (!last) return 0;
    await giveChanges(options, owed);
    await movePosition(transaction, index.name, last);
    return owed.length;
  });

/** The vectors as they are now: one that went away since is removed, and its tombstone will come. */
const giveChanges = async (options: FeederOptions, owed: readonly OwedChange[]): Promise<void> => {
  const { db, vault, index, dimensions } = options;
  const ids = [...new Set(owed.map(({ memory_id }) => memory_id))];
  const rows = await selectVectors(db, ids);
  const opened = await openVectors(vault, rows, dimensions);
  const present = new Set(opened.map(({ memory_id }) => memory_id));
  const gone = ids.filter((id) => !present.has(id));
  if (gone.length > 0) await index.remove(gone);
  if (opened.length === 0) return;
  await index.put(opened.map(({ memory_id: id, partition, plain: vector }) => ({ id, partition, vector })));
};
