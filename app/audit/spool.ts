import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { ObservedRead } from './packed-reads.js';
import type { Writer } from './reads.js';

/** Where reads wait for their event, so that a process that is killed leaves them behind for its next life. */
export interface Spool {
  keep(read: ObservedRead): void;
  /** What was kept so far is about to be written down; what comes from now on is the next batch. */
  cut(): void;
  /** The batches that were cut are in the database. */
  clear(): void;
}

export const MEMORY_SPOOL: Spool = { keep: () => undefined, cut: () => undefined, clear: () => undefined };

export interface Leftover {
  readonly path: string;
  readonly writer: Writer;
  readonly reads: readonly ObservedRead[];
}

const FILE = /^([0-9a-f-]{36})\.([0-9]{1,16})\.([0-9]+)\.jsonl$/;

/** A file a batch. A read is written down before it is answered; the operating system keeps it when only we are killed. */
export const createFileSpool = (directory: string, { writer, epoch }: Writer): Spool => {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  let batch = 0;
  let open: { readonly fd: number; readonly path: string } | undefined;
  const done: string[] = [];
  const file = (): number => {
    if (!open) {
      const path = join(directory, `${writer}.${epoch}.${batch++}.jsonl`);
      open = { path, fd: openSync(path, 'ax', 0o600) };
    }
    return open.fd;
  };
  return {
    keep: (read) => void writeSync(file(), `${JSON.stringify(toLine(read))}\n`),
    cut: () => {
      if (!open) return;
      closeSync(open.fd);
      done.push(open.path);
      open = undefined;
    },
    clear: () => {
      // One that is gone already is no reason to keep the others for ever.
      for (const path of done.splice(0)) rmSync(path, { force: true });
    },
  };
};

/** What earlier lives left behind. A last line that was cut off belongs to a read that was never answered. */
export const readLeftovers = (directory: string): readonly Leftover[] => {
  const names = readdirSync(directory).filter((name) => FILE.test(name));
  return names.sort(byBatch).map((name) => {
    const [, writer = '', epoch = ''] = FILE.exec(name) ?? [];
    const path = join(directory, name);
    const text = readFileSync(path, 'utf8');
    const lines = text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .filter(Boolean);
    return { path, writer: { writer, epoch: Number(epoch) }, reads: lines.map(fromLine) };
  });
};

const byBatch = (a: string, b: string): number => {
  const key = (name: string): readonly number[] => [Number(FILE.exec(name)?.[2]), Number(FILE.exec(name)?.[3])];
  const [[ea = 0, na = 0], [eb = 0, nb = 0]] = [key(a), key(b)];
  return ea - eb || na - nb;
};

interface SpoolLine {
  readonly n: number;
  readonly line: string;
  readonly ids: readonly string[];
  readonly slot?: number;
  readonly sealed?: string;
}

const toLine = ({ n, line, ids, detail }: ObservedRead): SpoolLine => ({
  ...{ n, line, ids },
  ...(detail ? { slot: detail.slot, sealed: detail.sealed.toString('base64') } : {}),
});

const fromLine = (text: string): ObservedRead => {
  const { n, line, ids, slot, sealed } = JSON.parse(text) as SpoolLine;
  const detail = slot === undefined || sealed === undefined ? null : { n, slot, sealed: Buffer.from(sealed, 'base64') };
  return { n, line, ids, detail };
};
