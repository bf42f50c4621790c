import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { LockHeld, takeProcessLock } from '../process-lock.js';

/** One server a data folder: two would write over each other. Answers how to let go. */
export function lockDataDir(dataDir: string): () => void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  try {
    return takeProcessLock(join(dataDir, 'server.pid'));
  } catch (error) {
    if (!(error instanceof LockHeld)) throw error;
    throw new Error(
      `the API server with pid ${error.pid} already uses ${dataDir}: stop it, or give this one a folder of its own`,
    );
  }
}
