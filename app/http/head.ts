import type { ServerResponse } from 'node:http';

/** What headers are put on: a response, or a list that is written out with the answer in one go. */
export interface Head {
  setHeader(name: string, value: string): unknown;
}

/** Headers in the order in which they came. Each is set once: what replaces one is put on the response itself. */
export class HeaderList implements Head {
  readonly #flat: string[] = [];

  setHeader(name: string, value: string): void {
    this.#flat.push(name, value);
  }

  /** As `writeHead` takes them: names and values in turn. */
  all(): string[] {
    return this.#flat;
  }

  /** For an answer that goes another way. */
  putOn(response: ServerResponse): void {
    for (let at = 0; at < this.#flat.length; at += 2)
      response.setHeader(this.#flat[at] as string, this.#flat[at + 1] as string);
    this.#flat.length = 0;
  }
}
