#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { text } from 'node:stream/consumers';
import { COMMANDS } from './commands/index.js';
import { readConfig, silenceSdk } from './config.js';
import { EXIT } from './exit-codes.js';
import { runCommandLine } from './run.js';

/** kubectl runs `kubectl-memory` for `kubectl memory`. */
const program = basename(process.argv[1] ?? '').startsWith('kubectl-memory') ? 'kubectl memory' : 'memoryctl';
const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};

const interruption = new AbortController();
process.once('SIGINT', () => {
  interruption.abort();
  // The second one does not wait for what does not heed the first.
  process.once('SIGINT', () => process.exit(EXIT.interrupted));
});
// Nobody hears what is noted: that ends nothing.
process.stderr.on('error', () => undefined);
// Whoever reads us has read enough, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.broken),
);

silenceSdk();
process.exitCode = await runCommandLine(process.argv.slice(2), {
  program,
  version,
  commands: COMMANDS,
  config: readConfig(),
  signal: interruption.signal,
  out: (chunk) => process.stdout.write(chunk),
  note: (line) => process.stderr.write(`${line}\n`),
  readStdin: () => text(process.stdin),
});
