import type { Database } from '../db/pool.js';
import { messageOf } from '../http/cause.js';
import type { Vault } from '../tenancy/vault.js';
import { type Changes, selectChanges, selectVectors, UNSEEN, type VectorChange } from './feed.js';
import { type OpenedVector, openVectors } from './open-vector.js';
import { createPartition, dot, type Partition, type Precision } from './partition.js';
import { BEGINNING, type Position, selectChangePage } from './position-store.js';
import { type Proposal, toScore, type VectorHit, type VectorHits, type VectorStore } from './vector-store.js';

export interface EmbeddedStoreOptions {
  readonly db: Database;
  readonly vault: Vault;
  readonly dimensions: number;
  /** Vectors of another model are not comparable and stay out. */
  readonly model: string;
  readonly log: { warn(fields: object, message: string): void };
  /** @default half */
  readonly precision?: Precision;
  /** How long a search waits for a partition to be read. @default 2000 */
  readonly patienceMs?: number;
  /** Vectors in memory; what was not asked for longest leaves first. @default as many as fit into some 700 MB */
  readonly capacity?: number;
}

interface Loaded {
  readonly partition: Partition;
  /** The snapshot that has been seen. */
  watermark: string;
  /** At most one catch-up at a time. */
  running: Promise<void> | undefined;
}

/** Bounds one read (some 0.5 MB) and one stretch of work on the event loop (some 60 ms in a large index). */
const CHUNK = 250;
/** Bounds what is known of a partition while it is read for the first time; some 1 MB. */
const PAGE = 4_000;
/** With eight bits a number, the best ten are among the first forty: recall 0.99 on 30,000 clustered vectors. */
const OVERSAMPLE = 4;

export const createEmbeddedStore = (options: EmbeddedStoreOptions): VectorStore => new EmbeddedStore(options);

/**
 * An index in this process for each partition that was asked for, made from the sealed vectors in Postgres and brought up to
 * date before every search. So replicas agree, a restart loses nothing, and what a commit acknowledged is found.
 */
class EmbeddedStore implements VectorStore {
  readonly #options: EmbeddedStoreOptions;
  /** In order of use, oldest first. */
  readonly #loaded = new Map<string, Loaded>();
  #trouble: string | undefined;

  constructor(options: EmbeddedStoreOptions) {
    this.#options = options;
  }

  async search(partitions: readonly string[], vector: Float32Array, k: number): Promise<VectorHits> {
    const complete = await withPatience(this.#refresh(partitions), this.#options.patienceMs ?? 2000, (cause) => {
      this.#trouble = messageOf(cause);
      this.#options.log.warn({ err: cause }, 'vectors could not be read');
    });
    if (complete) this.#trouble = undefined;
    const asked = partitions.flatMap((name) => this.#loaded.get(name)?.partition ?? []);
    const hits = await this.#ask(asked, vector, k);
    const held = asked.reduce((sum, partition) => sum + partition.size(), 0);
    this.#evict();
    const best = hits.sort((a, b) => b.score - a.score).slice(0, k);
    return { hits: best, exhausted: best.length >= held, complete };
  }

  propose(partitions: readonly string[], vector: Float32Array, k: number): Proposal | undefined {
    const entries = new Map<string, Loaded>();
    for (const name of partitions) {
      const entry = this.#loaded.get(name);
      if (!entry || entry.watermark === UNSEEN || entry.running || entry.partition.isRough()) return undefined;
      entries.set(name, this.#touch(name));
    }
    const found = [...entries.values()].flatMap(({ partition }) => partition.search(vector, k));
    const hits = entries.size > 1 ? found.sort((a, b) => b.score - a.score).slice(0, k) : found;
    const held = [...entries.values()].reduce((sum, { partition }) => sum + partition.size(), 0);
    const revisions = [...entries.values()].map(({ partition }) => partition.revision());
    return {
      ...{ hits, exhausted: hits.length >= held, watermarks: [...entries.values()].map(({ watermark }) => watermark) },
      accept: ({ changes, watermark }) => {
        // Whoever read in what is new meanwhile made it known to the index, not to these hits.
        const asked = [...entries.values()].every(({ partition }, at) => partition.revision() === revisions[at]);
        if (!asked || changes.some((change) => isNews(entries, change))) return false;
        for (const entry of entries.values()) entry.watermark = watermark;
        return true;
      },
    };
  }

  /** Rough partitions propose more than is wanted, and the whole vectors decide. */
  async #ask(asked: readonly Partition[], vector: Float32Array, k: number): Promise<VectorHit[]> {
    const rough = asked.filter((partition) => partition.isRough());
    const exact = asked.filter((partition) => !partition.isRough()).flatMap((partition) => partition.search(vector, k));
    const proposed = rough.flatMap((partition) => partition.search(vector, k * OVERSAMPLE));
    if (proposed.length === 0) return exact;
    const opened = await this.#readVectors(proposed.map(({ id }) => id));
    return [...exact, ...opened.map(({ memory_id: id, plain }) => ({ id, score: toScore(dot(plain, vector)) }))];
  }

  trouble(): string | undefined {
    return this.#trouble;
  }

  size(): number {
    return [...this.#loaded.values()].reduce((sum, { partition }) => sum + partition.size(), 0);
  }

  async close(): Promise<void> {
    await Promise.allSettled(runningOf(this.#loaded));
    this.#loaded.clear();
  }

  /** A search must see what was committed before it came: a catch-up that is already running may have looked too early. */
  async #refresh(names: readonly string[]): Promise<void> {
    const entries = new Map(names.map((name) => [name, this.#touch(name)]));
    for (let busy = runningOf(entries); busy.length > 0; busy = runningOf(entries)) await Promise.allSettled(busy);
    const run = this.#catchUp(entries).finally(() => {
      for (const entry of entries.values()) if (entry.running === run) entry.running = undefined;
    });
    for (const entry of entries.values()) entry.running = run;
    await run;
  }

  #touch(name: string): Loaded {
    const partition = (): Partition => createPartition(this.#options.dimensions, this.#options.precision);
    const entry = this.#loaded.get(name) ?? { partition: partition(), watermark: UNSEEN, running: undefined };
    this.#loaded.delete(name);
    this.#loaded.set(name, entry);
    return entry;
  }

  async #catchUp(entries: ReadonlyMap<string, Loaded>): Promise<void> {
    for (const [name, entry] of entries) if (entry.watermark === UNSEEN) await this.#readWhole(name, entry);
    const watermarks = [...entries.values()].map(({ watermark }) => watermark);
    const found = await selectChanges(this.#options.db, [...entries.keys()], watermarks, this.#options.model);
    await applyChanges(entries, found, (ids) => this.#readVectors(ids));
    for (const entry of entries.values()) entry.watermark = found.watermark;
  }

  /** Should it fail on the way, what was read is not read again. */
  async #readWhole(name: string, entry: Loaded): Promise<void> {
    let watermark: string | undefined;
    for (let after: Position | undefined = BEGINNING; after; ) {
      const page = await selectChangePage(this.#options.db, name, after, this.#options.model, PAGE);
      await applyChanges(new Map([[name, entry]]), page, (ids) => this.#readVectors(ids));
      watermark ??= page.watermark;
      after = page.end;
    }
    entry.watermark = watermark ?? UNSEEN;
  }

  async #readVectors(ids: readonly string[]): Promise<readonly OpenedVector[]> {
    const { db, vault, dimensions } = this.#options;
    return openVectors(vault, await selectVectors(db, ids), dimensions);
  }

  #evict(): void {
    let total = this.size();
    for (const [name, { partition, running }] of this.#loaded) {
      if (total <= (this.#options.capacity ?? capacityOf(this.#options)) || this.#loaded.size === 1) return;
      if (running) continue;
      total -= partition.size();
      this.#loaded.delete(name);
    }
  }
}

/** 560,000 of 512 dimensions in half precision, 1.1 million of 384 in eight bits; links and ids take some 230 bytes each. */
const BUDGET_BYTES = 700_000_000;
const capacityOf = ({ dimensions, precision }: EmbeddedStoreOptions): number =>
  Math.floor(BUDGET_BYTES / (dimensions * (precision === 'int8' ? 1 : 2) + 230));

const runningOf = (entries: ReadonlyMap<string, Loaded>): readonly Promise<void>[] =>
  [...entries.values()].flatMap(({ running }) => running ?? []);

/** Whether an index does not know of it yet. What is gone and was never known is no news. */
const isNews = (
  entries: ReadonlyMap<string, Loaded>,
  { memory_id, partition, change, gone }: VectorChange,
): boolean => {
  const known = entries.get(partition)?.partition.changeOf(memory_id);
  return known === undefined ? !gone : known < change;
};

type Read = (ids: readonly string[]) => Promise<readonly OpenedVector[]>;

/** Only the last change of an id counts, and only if it is news; the vectors themselves are fetched for news alone. */
const applyChanges = async (entries: ReadonlyMap<string, Loaded>, { changes }: Changes, read: Read): Promise<void> => {
  const last = new Map(changes.map((change) => [change.memory_id, change]));
  const partitionOf = new Map<string, Partition>();
  for (const { memory_id, partition: name, change, gone } of last.values()) {
    const partition = entries.get(name)?.partition;
    if (!partition || (partition.changeOf(memory_id) ?? -1) >= change) continue;
    if (gone) partition.remove(memory_id);
    else partitionOf.set(memory_id, partition);
  }
  const ids = [...partitionOf.keys()];
  for (let at = 0; at < ids.length; at += CHUNK) {
    for (const row of await read(ids.slice(at, at + CHUNK)))
      partitionOf.get(row.memory_id)?.put(row.memory_id, row.change, row.plain);
  }
};

/** Whether the work was done in time. Work that takes longer goes on; work that fails is reported. */
const withPatience = async (work: Promise<void>, ms: number, onError: (cause: unknown) => void): Promise<boolean> => {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const done = work.then(
    () => true,
    (cause) => {
      onError(cause);
      return false;
    },
  );
  const result = await Promise.race([done, patience]);
  clearTimeout(timer);
  return result;
};
