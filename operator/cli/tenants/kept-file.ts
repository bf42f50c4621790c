import { type FileHandle, open, rm } from 'node:fs/promises';
import { types } from 'node:util';
import { unusableError } from '../errors.js';

/** Where a secret will be kept: there, empty and ours alone, before there is anything to lose. */
export interface KeptFile {
  readonly path: string;
  /** On the disk when it returns. */
  write(text: string): Promise<void>;
  /** Closes it; it goes away again when nothing was written. */
  close(): Promise<void>;
}

const REASONS: Readonly<Record<string, string>> = {
  EEXIST: 'exists already: a key is written over nothing',
  ENOENT: 'is in a folder that does not exist',
  EACCES: 'may not be written by you',
  EROFS: 'is on a file system that takes no writes',
};

export async function openKeptFile(path: string): Promise<KeptFile> {
  const file: FileHandle = await open(path, 'wx', 0o600).catch((cause: unknown) => {
    const code = types.isNativeError(cause) ? (cause as NodeJS.ErrnoException).code : undefined;
    const reason = REASONS[code ?? ''] ?? `cannot be written (${String(cause)})`;
    throw unusableError(`${path} ${reason}`, ['--out FILE names a new file; - prints the key instead'], cause);
  });
  let isWritten = false;
  return {
    path,
    write: async (text) => {
      await file.writeFile(text);
      await file.sync();
      isWritten = true;
    },
    close: async () => {
      await file.close();
      if (!isWritten) await rm(path, { force: true });
    },
  };
}
