import type { CliConfig } from './config.js';
import type { ExitCode } from './exit-codes.js';

export interface Flag {
  /** Without the hyphens. */
  readonly name: string;
  /** What stands for its value in the help; a flag without one is on or off. */
  readonly value?: string;
  readonly repeats?: true;
  readonly summary: string;
}

export interface Parameter {
  readonly name: string;
  readonly summary: string;
  readonly optional?: true;
  readonly repeats?: true;
}

export interface Input {
  readonly parameters: readonly string[];
  /** The last value of a flag. */
  value(flag: string): string | undefined;
  /** All values of a flag that repeats. */
  values(flag: string): readonly string[];
  isSet(flag: string): boolean;
}

/** Everything that a command touches beside its input. Results go to `out`, everything else to `note`. */
export interface Terminal {
  readonly json: boolean;
  /** Of memoryctl, which is that of the service and the operator. */
  readonly version: string;
  readonly config: CliConfig;
  readonly signal: AbortSignal;
  out(text: string): void;
  note(line: string): void;
  readStdin(): Promise<string>;
}

export interface Command {
  /** What it does beyond its line in the table; ends up in the help. */
  readonly about: string;
  readonly parameters: readonly Parameter[];
  readonly flags: readonly Flag[];
  /** What the codes mean here, where that is more than the common table says. */
  readonly exits?: readonly (readonly [ExitCode, string])[];
  readonly examples: readonly string[];
  run(input: Input, terminal: Terminal): Promise<ExitCode>;
}

export interface CommandEntry {
  /** `['tenant', 'list']` */
  readonly path: readonly string[];
  readonly summary: string;
  /** Loaded when it is asked for: most commands need little of what all need together. */
  readonly load: () => Promise<Command>;
}
