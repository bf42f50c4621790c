import { existsSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseEvent } from './event.js';
import type { StoredDetail } from './event-search.js';
import { decodeEntries, TILE_WIDTH, type TileName, tilePath, tilesOf } from './tlog.js';

/**
 * A bundle is the log as a folder: `checkpoints/<size>`, `tile/…`, `tile/entries/…`, `batches/<seq>`, `details/<seq>`,
 * `keys/<vkey>`, with numbers of 20 digits. `checkpoint` repeats the newest one, for readers of tlog-tiles.
 */
export interface LogSource {
  head(): Promise<LogHead>;
  tile(name: TileName): Promise<Buffer | undefined>;
  batch(seq: number): Promise<Buffer | undefined>;
  details(seq: number): Promise<Buffer | undefined>;
}

export interface LogHead {
  /** Of the log and of the plane, if one signs. */
  readonly vkeys: readonly string[];
  readonly size: number;
  readonly checkpoint: Buffer;
}

export const fileNumber = (n: number): string => String(n).padStart(20, '0');

/** A line of JSON each: whose slot opens it, and what is sealed. */
export const encodeDetails = (details: readonly StoredDetail[]): Buffer =>
  Buffer.from(
    details
      .map(({ n, slot, sealed }) => `${JSON.stringify({ n, slot, sealed: sealed.toString('base64') })}\n`)
      .join(''),
  );

export interface WrittenBundle {
  readonly size: number;
  readonly files: number;
}

/** Where the files of a bundle go, each whole or not at all. */
export interface BundleSink {
  /** True where nothing has to be read for a file: it is there. */
  has(name: string): boolean;
  put(name: string, bytes: Buffer): Promise<void>;
}

/**
 * Writes the newest checkpoint and all that it was signed over. Each file is whole or not there. What an earlier export
 * wrote is not fetched again: were the log another by now, the old files and their checkpoints would say so.
 */
export const writeBundle = async (source: LogSource, folder: string): Promise<WrittenBundle> => {
  const { vkeys, size, checkpoint } = await source.head();
  const sink = folderSink(folder);
  const parts = new BundleWriter(source, sink, 0);
  await parts.addTiles(size);
  for (const vkey of vkeys) await parts.add(`keys/${encodeURIComponent(vkey)}`, async () => Buffer.from(`${vkey}\n`));
  await parts.add(checkpointName(size), async () => checkpoint);
  await parts.put('checkpoint', checkpoint);
  return { size, files: parts.files };
};

export const checkpointName = (size: number): string => `checkpoints/${fileNumber(size)}`;

const folderSink = (folder: string): BundleSink => ({
  has: (name) => existsSync(join(folder, name)),
  put: async (name, bytes) => {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(`${path}.partial`, bytes);
    await rename(`${path}.partial`, path);
  },
});

/** A bucket answers in some 20 ms: one event after the other, an hour of a busy tenant would take its hour. */
const AT_ONCE = 16;

/** All but the checkpoints, which follow when the rest is there. */
export class BundleWriter {
  readonly #source: Pick<LogSource, 'tile' | 'batch' | 'details'>;
  readonly #sink: BundleSink;
  readonly #since: number;
  files = 0;

  /** `since`: the size that the sink has whole already. */
  constructor(source: Pick<LogSource, 'tile' | 'batch' | 'details'>, sink: BundleSink, since: number) {
    this.#source = source;
    this.#sink = sink;
    this.#since = since;
  }

  async addTiles(size: number): Promise<void> {
    for (const tile of tilesOf(size)) if (!this.#isThere(tile)) await this.#addTile(tile, size);
  }

  /** A tile that was full then is full now. */
  #isThere({ kind, n, width }: TileName): boolean {
    const leaves = TILE_WIDTH ** (kind === 'entries' ? 1 : kind + 1);
    return width === TILE_WIDTH && (n + 1) * leaves <= this.#since;
  }

  async #addTile(tile: TileName, size: number): Promise<void> {
    const name = tilePath(tile);
    await this.add(name, async () => {
      const bytes = await this.#source.tile(tile);
      if (!bytes) throw new Error(`The log has no ${name}, though its checkpoint is ${size}`);
      // What lies beside its events comes first: a tile that is there means that all of it is.
      if (tile.kind === 'entries') await this.#addBeside(tile.n, bytes);
      return bytes;
    });
  }

  async #addBeside(n: number, bundle: Buffer): Promise<void> {
    const entries = (decodeEntries(bundle) ?? []).map((entry, index) => ({ entry, seq: n * TILE_WIDTH + index }));
    const fresh = entries.filter(({ seq }) => seq >= this.#since);
    for (let at = 0; at < fresh.length; at += AT_ONCE) {
      await Promise.all(fresh.slice(at, at + AT_ONCE).map((one) => this.#addOf(one.seq, one.entry)));
    }
  }

  async #addOf(seq: number, entry: Buffer): Promise<void> {
    const { batch, detail, type } = parseEvent(entry);
    if (batch) await this.add(`batches/${fileNumber(seq)}`, () => this.#source.batch(seq));
    const hasDetails = detail !== null || type === 'access.batch';
    if (hasDetails) await this.add(`details/${fileNumber(seq)}`, () => this.#source.details(seq));
  }

  async add(name: string, read: () => Promise<Buffer | undefined>): Promise<void> {
    if (this.#sink.has(name)) return;
    const bytes = await read();
    if (bytes) await this.put(name, bytes);
  }

  async put(name: string, bytes: Buffer): Promise<void> {
    await this.#sink.put(name, bytes);
    this.files++;
  }
}
