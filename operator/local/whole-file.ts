import { renameSync, writeFileSync } from 'node:fs';

/** What a process that was killed while it wrote has left beside the file. */
export const PARTIAL = '.part';

/** Replaces a file as a whole: a reader, and the next run after a kill, sees the old text or the new one. */
export function writeWholeFile(path: string, content: string | Uint8Array, mode = 0o644): void {
  writeFileSync(`${path}${PARTIAL}`, content, { mode });
  renameSync(`${path}${PARTIAL}`, path);
}
