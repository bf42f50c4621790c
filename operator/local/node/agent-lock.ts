import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { LockHeld, takeProcessLock } from '../process-lock.js';

/** One agent a data directory: a second one would take the first one's processes for leftovers. Answers how to let go. */
export function lockDataDir(dataDir: string): () => void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  try {
    return takeProcessLock(join(dataDir, 'agent.pid'));
  } catch (error) {
    if (!(error instanceof LockHeld)) throw error;
    throw new Error(
      `the node agent with pid ${error.pid} already uses ${dataDir}: stop it, or give this one a directory of its own`,
    );
  }
}
