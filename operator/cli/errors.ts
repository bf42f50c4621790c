import { EXIT, type ExitCode } from './exit-codes.js';

/** What ends a command with words for people and a code for scripts; everything else that is thrown is our mistake. */
export class CliError extends Error {
  readonly exitCode: ExitCode;
  /** Each names what is wrong and what to do; all of them at once. */
  readonly problems: readonly string[];
  constructor(exitCode: ExitCode, message: string, problems: readonly string[] = [], cause?: unknown) {
    super(message, { cause });
    this.name = 'CliError';
    this.exitCode = exitCode;
    this.problems = problems;
  }
}

export const usageError = (message: string, remedy?: string): CliError =>
  new CliError(EXIT.usage, message, remedy === undefined ? [] : [remedy]);

export const unusableError = (message: string, problems: readonly string[] = [], cause?: unknown): CliError =>
  new CliError(EXIT.unusable, message, problems, cause);
