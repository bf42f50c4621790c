import type { KubeObject } from './objects.js';

/** One version of an object. Its JSON is made once, for the log, the watchers and whoever asks. */
export class Entry {
  readonly object: KubeObject;
  readonly revision: number;
  #json: string | undefined;
  constructor(object: KubeObject, revision: number) {
    this.object = object;
    this.revision = revision;
  }

  get json(): string {
    this.#json ??= JSON.stringify(this.object);
    return this.#json;
  }
}
