/** What was done is looked at again after so long: somebody else may undo it, and thousands of tenants share a quota. */
const RECHECK_MS = 600_000;

/** What was done a short while ago for whom, and with which outcome. */
export class Lately<T> {
  readonly #done = new Map<string, { readonly what: string; readonly value: T; readonly at: number }>();

  /** `undefined` when it was not done, was something else, or is long ago. */
  found(whom: string, what = ''): T | undefined {
    const known = this.#done.get(whom);
    return known?.what === what && performance.now() - known.at < RECHECK_MS ? known.value : undefined;
  }

  note(whom: string, value: T, what = ''): T {
    this.#done.set(whom, { what, value, at: performance.now() });
    return value;
  }

  forget(whom: string): void {
    this.#done.delete(whom);
  }
}
