import type { Entry } from '../entry.js';
import { badRequest, expired } from '../errors.js';
import { isDict } from '../objects.js';

interface Snapshot {
  readonly entries: readonly Entry[];
  readonly revision: number;
}

/** Pages of one list come from one moment, so a list under way is kept: this many of them, the oldest forgotten first. */
const KEPT = 64;

export class ListSnapshots {
  readonly #snapshots = new Map<number, Snapshot>();
  #next = 1;
  /** Another server's tokens, or those from before a restart, are not ours. */
  readonly #series: string;
  constructor(series: string) {
    this.#series = series;
  }

  keep(entries: readonly Entry[], revision: number): number {
    const id = this.#next;
    this.#next += 1;
    this.#snapshots.set(id, { entries, revision });
    const oldest = this.#snapshots.keys().next();
    if (this.#snapshots.size > KEPT && !oldest.done) this.#snapshots.delete(oldest.value);
    return id;
  }

  token(id: number, offset: number): string {
    return Buffer.from(JSON.stringify({ s: this.#series, id, offset })).toString('base64url');
  }

  open(token: string): Snapshot & { readonly id: number; readonly offset: number } {
    const { s, id, offset } = decodeToken(token);
    const snapshot = s === this.#series ? this.#snapshots.get(id) : undefined;
    if (snapshot === undefined) {
      throw expired(
        'The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.',
      );
    }
    return { ...snapshot, id, offset };
  }

  /** All pages before are forgotten, as after a compaction. */
  clear(): void {
    this.#snapshots.clear();
  }
}

function decodeToken(token: string): { readonly s: string; readonly id: number; readonly offset: number } {
  try {
    const value: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    if (
      isDict(value) &&
      typeof value.s === 'string' &&
      typeof value.id === 'number' &&
      typeof value.offset === 'number'
    ) {
      return { s: value.s, id: value.id, offset: value.offset };
    }
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
  }
  throw badRequest('continue key is not valid');
}
