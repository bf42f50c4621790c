import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { observeIdentity } from './process-identity.js';

/** One agent a data directory: a second one would take the first one's processes for leftovers. Answers how to let go. */
export function lockDataDir(dataDir: string): () => void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const path = join(dataDir, 'agent.json');
  const holder = readHolder(path);
  if (holder !== undefined && observeIdentity(holder.pid) === holder.identity) {
    throw new Error(
      `the node agent with pid ${holder.pid} already uses ${dataDir}: stop it, or give this one a directory of its own`,
    );
  }
  writeFileSync(path, JSON.stringify({ pid: process.pid, identity: observeIdentity(process.pid) }), { mode: 0o600 });
  return () => rmSync(path, { force: true });
}

interface Holder {
  readonly pid: number;
  readonly identity: string;
}

function readHolder(path: string): Holder | undefined {
  try {
    const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return isHolder(parsed) ? parsed : undefined;
  } catch {
    // Nobody holds it, or the write was cut short by a crash.
    return undefined;
  }
}

const isHolder = (value: unknown): value is Holder =>
  typeof value === 'object' &&
  value !== null &&
  'pid' in value &&
  typeof value.pid === 'number' &&
  'identity' in value &&
  typeof value.identity === 'string';
