import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { observeIdentity } from '../node/process-identity.js';
import { isDict } from './objects.js';

/** One server a data folder: two would write over each other. Answers how to let go. */
export function lockDataDir(dataDir: string): () => void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const path = join(dataDir, 'server.json');
  const holder = readHolder(path);
  if (holder !== undefined && observeIdentity(holder.pid) === holder.identity) {
    throw new Error(
      `the API server with pid ${holder.pid} already uses ${dataDir}: stop it, or give this one a folder of its own`,
    );
  }
  writeFileSync(path, JSON.stringify({ pid: process.pid, identity: observeIdentity(process.pid) }), { mode: 0o600 });
  return () => rmSync(path, { force: true });
}

function readHolder(path: string): { readonly pid: number; readonly identity: string } | undefined {
  try {
    const holder: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (!isDict(holder) || typeof holder.pid !== 'number' || typeof holder.identity !== 'string') return undefined;
    return { pid: holder.pid, identity: holder.identity };
  } catch {
    // Nobody holds it, or the write was cut short by a crash.
    return undefined;
  }
}
