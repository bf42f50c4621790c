import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What failed before this run is not why it failed. */
const RECENT_MS = 180_000;
const MAX_LENGTH = 400;

/** What a pod wrote to standard error when it ended not long ago, newest first, each once: mostly that is the reason. */
export function lastWords(folder: string, now = Date.now()): readonly string[] {
  const logs = filesBelow(join(folder, 'node', 'pods'))
    .filter(({ path, at }) => path.endsWith('.log') && now - at < RECENT_MS)
    .sort((a, b) => b.at - a.at);
  const said = logs.flatMap(({ path }) => lastErrorOf(readFileSync(path, 'utf8')) ?? []);
  return [...new Set(said)].slice(0, 2);
}

/** The kubelet's format: time, stream, F for a whole line, text. */
const lastErrorOf = (log: string): string | undefined => {
  const lines = log.split('\n').flatMap((line) => /^\S+ stderr F (.+)$/.exec(line)?.[1] ?? []);
  return lines.at(-1)?.slice(0, MAX_LENGTH);
};

const filesBelow = (folder: string): { readonly path: string; readonly at: number }[] => {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' }).flatMap((name) => {
      const path = join(folder, name);
      const about = statSync(path, { throwIfNoEntry: false });
      return about?.isFile() ? [{ path, at: about.mtimeMs }] : [];
    });
  } catch {
    // There may be no pods yet, or they go while one looks.
    return [];
  }
};
