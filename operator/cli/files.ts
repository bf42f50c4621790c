import { readFile } from 'node:fs/promises';
import { types } from 'node:util';
import type { Terminal } from './command.js';
import { unusableError } from './errors.js';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EISDIR: 'is a folder, not a file',
  EACCES: 'may not be read by you',
};

/** A text file; `-` is standard input. */
export async function readText(path: string, { readStdin }: Pick<Terminal, 'readStdin'>): Promise<string> {
  if (path === '-') return await readStdin();
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const code = types.isNativeError(cause) ? (cause as NodeJS.ErrnoException).code : undefined;
    throw unusableError(`${path} ${REASONS[code ?? ''] ?? `cannot be read (${String(cause)})`}`, [], cause);
  }
}
