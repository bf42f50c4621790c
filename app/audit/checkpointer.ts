import type { Database, Queryable } from '../db/pool.js';
import type { Vault } from '../tenancy/vault.js';
import { parseCheckpoint, signCheckpoint } from './checkpoint.js';
import { CompactRange, leafHash } from './merkle.js';
import { parseNote, parseVerifierKey, signersOf } from './note.js';
import {
  type CheckpointRow,
  type EventRow,
  insertCheckpoint,
  insertTree,
  selectEvents,
  selectHashes,
  selectLastCheckpoint,
  type TreeRow,
} from './store.js';

/** What the log held when it was signed and what it holds now do not go together. Nothing is signed from then on. */
export class LogTampered extends Error {
  readonly code = 'LogTampered';
}

export interface CheckpointerOptions {
  readonly db: Database;
  readonly vault: Pick<Vault, 'logSigner'>;
  /** Between two signatures while events keep coming. @default 1000 */
  readonly everyMs?: number;
}

export interface Checkpointer {
  /** Takes in what was sequenced, and signs unless it has just done so. */
  advance(): Promise<void>;
  /** Takes in and signs all that is there now. `undefined` while the log is empty. */
  sign(): Promise<CheckpointRow | undefined>;
  /** The newest that was signed, or read and compared with the log, here. */
  last(): CheckpointRow | undefined;
}

/** Between two signatures; a request that shows a checkpoint signs at once. */
const EVERY_MS = 1_000;
const PAGE = 2_000;
/** 256^7 is beyond what a number of JavaScript counts. */
const TOP_LEVEL = 6;
const TILE_HEIGHT = 8;

export const createCheckpointer = (options: CheckpointerOptions): Checkpointer => new TreeCheckpointer(options);

class TreeCheckpointer implements Checkpointer {
  readonly #options: CheckpointerOptions;
  #tree: CompactRange | undefined;
  #last: CheckpointRow | undefined;
  #signedAt = 0;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: CheckpointerOptions) {
    this.#options = options;
  }

  advance(): Promise<void> {
    return this.#inTurn(async () => {
      const range = await this.#takeIn();
      if (Date.now() - this.#signedAt >= (this.#options.everyMs ?? EVERY_MS)) await this.#sign(range);
    });
  }

  sign(): Promise<CheckpointRow | undefined> {
    return this.#inTurn(async () => {
      await this.#sign(await this.#takeIn());
      return this.#last;
    });
  }

  last(): CheckpointRow | undefined {
    return this.#last;
  }

  async #takeIn(): Promise<CompactRange> {
    const { db, vault } = this.#options;
    if (!this.#tree) {
      this.#last = await selectLastCheckpoint(db);
      this.#tree = await restoreTree(db, vault.logSigner().vkey, this.#last);
    }
    const range = this.#tree;
    // An append that fails half-way would leave a range that belongs to no log: the next look starts from the tables again.
    this.#tree = undefined;
    await appendEvents(db, range);
    this.#tree = range;
    return range;
  }

  async #sign(range: CompactRange): Promise<void> {
    const { db, vault } = this.#options;
    if (range.size === (this.#last?.size ?? 0)) return;
    const root = range.root();
    const row = { size: range.size, root, note: signCheckpoint(vault.logSigner(), range.size, root) };
    await insertCheckpoint(db, row);
    this.#last = row;
    this.#signedAt = Date.now();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined);
    return result;
  }
}

/** Of the bytes, not the hash beside them: what is signed is what was stored. */
const hashEvent = ({ seq, leaf, bytes }: EventRow, expected: number): Buffer => {
  if (seq !== expected) throw new LogTampered(`event ${expected} of the audit log is missing`);
  const found = leafHash(bytes);
  if (!found.equals(leaf)) throw new LogTampered(`event ${seq} of the audit log is not what was hashed`);
  return found;
};

const appendEvents = async (db: Queryable, range: CompactRange): Promise<void> => {
  for (;;) {
    const rows = await selectEvents(db, range.size, PAGE);
    const completed: TreeRow[] = [];
    for (const event of rows) appendLeaf(range, hashEvent(event, range.size), completed);
    await insertTree(db, completed);
    if (rows.length < PAGE) return;
  }
};

/** Every eighth level is kept: the roots of full tiles. */
const appendLeaf = (range: CompactRange, leaf: Buffer, completed: TreeRow[]): void =>
  range.append(leaf, 0, (height, hash) => {
    if (height % TILE_HEIGHT !== 0) return;
    completed.push({ level: height / TILE_HEIGHT, n: range.size / 2 ** height - 1, hash });
  });

/** The tree as it was signed last, from the highest full subtrees down to the leaves; it must have that root. */
const restoreTree = async (db: Queryable, vkey: string, last: CheckpointRow | undefined): Promise<CompactRange> => {
  const range = new CompactRange();
  if (!last) return range;
  checkSigned(vkey, last);
  for (let level = TOP_LEVEL; level > 0; level--) {
    const leaves = 2 ** (TILE_HEIGHT * level);
    const hashes = await selectHashes(db, level, range.size / leaves, Math.floor(last.size / leaves));
    for (const hash of hashes) range.append(hash, TILE_HEIGHT * level);
  }
  for (const event of await selectEvents(db, range.size, last.size - range.size))
    range.append(hashEvent(event, range.size));
  if (range.size !== last.size || !range.root().equals(last.root)) {
    throw new LogTampered(`the audit log does not hold what its checkpoint ${last.size} was signed over`);
  }
  return range;
};

const checkSigned = (vkey: string, { size, root, note }: CheckpointRow): void => {
  const verifier = parseVerifierKey(vkey);
  const parsed = parseNote(note);
  const checkpoint = parsed && parseCheckpoint(parsed.text);
  const signed = parsed && verifier && signersOf(parsed, [verifier]).length === 1;
  if (!signed || checkpoint?.size !== size || !checkpoint.root.equals(root)) {
    throw new LogTampered(`checkpoint ${size} of the audit log was not signed by its key`);
  }
};
