import { COMMANDS } from '../../operator/cli/commands/index.js';
import type { CliConfig } from '../../operator/cli/config.js';
import { runCommandLine } from '../../operator/cli/run.js';

export interface Said {
  readonly code: number;
  readonly out: string;
  /** What went to standard error. */
  readonly notes: string;
}

interface Around {
  readonly stdin?: string;
  readonly config?: CliConfig;
  readonly signal?: AbortSignal;
  readonly program?: string;
  /** Hears each note as it is said. */
  readonly note?: (line: string) => void;
}

/** memoryctl as its program runs it, but for the process. */
export async function memoryctl(args: readonly string[], around: Around = {}): Promise<Said> {
  let out = '';
  const notes: string[] = [];
  const code = await runCommandLine(args, {
    program: around.program ?? 'memoryctl',
    version: '1.4.0',
    commands: COMMANDS,
    config: around.config ?? {},
    signal: around.signal ?? new AbortController().signal,
    out: (text) => {
      out += text;
    },
    note: (line) => {
      notes.push(line);
      around.note?.(line);
    },
    readStdin: async () => around.stdin ?? '',
  });
  return { code, out, notes: notes.join('\n') };
}
