import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { pino } from 'pino';
import type { Log } from '../../runtime/log.js';

export interface DemoLog {
  readonly path: string;
  readonly log: Log;
  /** Everything said so far is in the file. */
  close(): Promise<void>;
}

/** People read the lines on the terminal; what the parts say goes to a file beside the state. */
export function openDemoLog(path: string): DemoLog {
  const file = createWriteStream(path, { flags: 'a', mode: 0o600 });
  // A full disk costs the log, not the demo.
  file.on('error', () => undefined);
  return {
    path,
    log: pino({ level: 'info' }, file),
    close: async () => {
      file.end();
      await finished(file).catch(() => undefined);
    },
  };
}
