import { BucketError, checkObjectName } from './bucket-contract.js';
import { type PodIdentity, podToken } from './cloud-identity.js';
import { type CloudAnswer, type CloudCall, CloudRefused, callCloud, type TokenSource } from './cloud-rest.js';

/** The version of the interface that the calls are of. */
const VERSION = { 'x-ms-version': '2023-11-03' } as const;

/** A word before what the service says, and what to do. */
export type Explain = (refused: CloudRefused) => readonly [word: string, remedy: string];

/** A container of Azure Blob Storage, `azure://container?endpoint=https://ACCOUNT.blob.core.windows.net`, and how it is asked. */
export class AzureContainer {
  readonly url: string;
  readonly #name: string;
  readonly #token: TokenSource;
  readonly #explain: Explain;

  constructor(url: string, identity: PodIdentity, explain: Explain) {
    const { hostname, searchParams, pathname } = new URL(url);
    const endpoint = searchParams.get('endpoint');
    if (hostname === '' || pathname.length > 1 || endpoint === null) {
      const remedy = 'use azure://container?endpoint=https://ACCOUNT.blob.core.windows.net';
      throw new BucketError('BucketUnavailable', `${JSON.stringify(url)} is no container`, remedy);
    }
    this.#name = hostname;
    this.url = `${endpoint.replace(/\/+$/, '')}/${hostname}`;
    this.#token = podToken('azure', identity, 'https://storage.azure.com');
    this.#explain = explain;
  }

  /** Names of ours need no escapes. */
  blob(name: string): string {
    return `${this.url}/${checkObjectName(name)}`;
  }

  /** `undefined` for one of the refusals that are no failure here. */
  async ask(
    verb: string,
    name: string,
    call: Omit<CloudCall, 'token'>,
    expected: readonly string[],
  ): Promise<CloudAnswer | undefined> {
    try {
      return await callCloud({ ...call, headers: { ...call.headers, ...VERSION }, token: this.#token });
    } catch (error) {
      if (!(error instanceof CloudRefused)) throw error;
      if (expected.includes(error.code)) return undefined;
      const [word, remedy] = this.#explain(error);
      throw this.unavailable(`${verb} ${name}`, `${word}${error.message}`, remedy, error);
    }
  }

  unavailable(what: string, why: string, remedy: string, cause?: unknown): BucketError {
    const message = `Blob Storage did not ${what} in container ${this.#name}: ${why}`;
    return new BucketError('BucketUnavailable', message, remedy, { cause });
  }
}
