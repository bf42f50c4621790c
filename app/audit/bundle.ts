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

/**
 * Writes the newest checkpoint and all that it was signed over. Each file is whole or not there. What an earlier export
 * wrote is not fetched again: were the log another by now, the old files and their checkpoints would say so.
 */
export const writeBundle = async (source: LogSource, folder: string): Promise<WrittenBundle> => {
  const { vkeys, size, checkpoint } = await source.head();
  const writer = new BundleWriter(source, folder);
  for (const tile of tilesOf(size)) await writer.addTile(tile, size);
  for (const vkey of vkeys) await writer.add(`keys/${encodeURIComponent(vkey)}`, async () => Buffer.from(`${vkey}\n`));
  await writer.add(`checkpoints/${fileNumber(size)}`, async () => checkpoint);
  await writer.put('checkpoint', checkpoint);
  return { size, files: writer.files };
};

class BundleWriter {
  readonly #source: LogSource;
  readonly #folder: string;
  files = 0;

  constructor(source: LogSource, folder: string) {
    this.#source = source;
    this.#folder = folder;
  }

  async addTile(tile: TileName, size: number): Promise<void> {
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
    for (const [index, entry] of (decodeEntries(bundle) ?? []).entries()) {
      const seq = n * TILE_WIDTH + index;
      const { batch, detail, type } = parseEvent(entry);
      if (batch) await this.add(`batches/${fileNumber(seq)}`, () => this.#source.batch(seq));
      const hasDetails = detail !== null || type === 'access.batch';
      if (hasDetails) await this.add(`details/${fileNumber(seq)}`, () => this.#source.details(seq));
    }
  }

  async add(name: string, read: () => Promise<Buffer | undefined>): Promise<void> {
    if (existsSync(join(this.#folder, name))) return;
    const bytes = await read();
    if (bytes) await this.put(name, bytes);
  }

  async put(name: string, bytes: Buffer): Promise<void> {
    const path = join(this.#folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(`${path}.partial`, bytes);
    await rename(`${path}.partial`, path);
    this.files++;
  }
}
