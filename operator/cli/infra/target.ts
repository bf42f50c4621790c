/** What can be compared: never an object, so that a table can show it. undefined = not set. */
export type Fact = string | number | boolean | undefined;
export type Facts = Readonly<Record<string, Fact>>;

/** Something that a stack promises, by the name under which its cloud knows it. */
export interface Target {
  readonly stack: string;
  readonly address: string;
  readonly kind: string;
  readonly name: string;
  readonly region: string;
  readonly expected: Facts;
  /** What brings a property back, where an apply alone does not. */
  readonly remedies?: Readonly<Record<string, string>>;
}

/** Reads a target as it is now. undefined = there is no such thing. */
export interface LiveCloud {
  /** One line: whom it asks, as whom it can tell. */
  readonly about: string;
  read(target: Target, signal: AbortSignal): Promise<Facts | undefined>;
  close(): void;
}

/** One target can't be read, usually for want of rights; the others can. */
export class UnreadableError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'UnreadableError';
  }
}

export type Verdict = 'ok' | 'drift' | 'missing' | 'unreadable';

export interface Row {
  readonly stack: string;
  readonly resource: string;
  readonly name: string;
  readonly property: string;
  readonly expected: Fact;
  readonly live: Fact;
  readonly verdict: Verdict;
  /** Why it is unreadable. */
  readonly reason?: string;
  /** What to do; nothing for what is as it should be. */
  readonly remedy?: string;
}
