import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseEvent } from './event.js';
import type { StoredDetail } from './event-search.js';
import { decodeEntries, type TileName, tilePath, tilesOf } from './tlog.js';

/**
 * A bundle is the log as a folder: `checkpoints/<size>`, `tile/…`, `tile/entries/…`, `batches/<seq>`, `details/<seq>`,
 * `keys/<vkey>`, with numbers of 20 digits. `checkpoint` repeats the newest one, for readers of tlog-tiles.
 */
export interface LogSource {
  head(): Promise<{ readonly vkey: string; readonly size: number; readonly checkpoint: Buffer }>;
  tile(name: TileName): Promise<Buffer | undefined>;
  batch(seq: number): Promise<Buffer | undefined>;
  details(seq: number): Promise<Buffer | undefined>;
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

/** Writes the newest checkpoint and all that it was signed over. Each file is whole or not there. */
export const writeBundle = async (source: LogSource, folder: string): Promise<WrittenBundle> => {
  const { vkey, size, checkpoint } = await source.head();
  let files = 0;
  const write = async (name: string, bytes: Buffer): Promise<void> => {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(`${path}.partial`, bytes);
    await rename(`${path}.partial`, path);
    files++;
  };
  for (const tile of tilesOf(size)) {
    const bytes = await source.tile(tile);
    if (!bytes) throw new Error(`The log has no ${tilePath(tile)}, though its checkpoint is ${size}`);
    await write(tilePath(tile), bytes);
    if (tile.kind === 'entries') await writeBeside(source, tile, bytes, write);
  }
  await write(`keys/${encodeURIComponent(vkey)}`, Buffer.from(`${vkey}\n`));
  await write(`checkpoints/${fileNumber(size)}`, checkpoint);
  await write('checkpoint', checkpoint);
  return { size, files };
};

const writeBeside = async (
  source: LogSource,
  { n }: TileName,
  bundle: Buffer,
  write: (name: string, bytes: Buffer) => Promise<void>,
): Promise<void> => {
  for (const [index, entry] of (decodeEntries(bundle) ?? []).entries()) {
    const seq = n * 256 + index;
    const event = parseEvent(entry);
    const batch = event.batch && (await source.batch(seq));
    if (batch) await write(`batches/${fileNumber(seq)}`, batch);
    const details = event.detail !== null || event.type === 'access.batch' ? await source.details(seq) : undefined;
    if (details) await write(`details/${fileNumber(seq)}`, details);
  }
};
