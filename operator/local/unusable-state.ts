/** What an earlier run left at `path` cannot be used; whoever asks for the state decides whether it may be deleted. */
export class UnusableState extends Error {
  readonly path: string;

  constructor(path: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`what an earlier run left in ${path} cannot be used: ${why}`, { cause });
    this.name = 'UnusableState';
    this.path = path;
  }
}
