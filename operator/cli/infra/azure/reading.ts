import type { Facts } from '../target.js';

type Json = Readonly<Record<string, unknown>>;
/** A path below the resource; empty is the resource itself. */
export type Ask = (path: string) => Promise<Json | undefined>;

export interface AzureReader {
  /** Of the API that the answer was written against. */
  readonly version: string;
  readonly read: (ask: Ask) => Promise<Facts | undefined>;
}

/** One answer of Resource Manager is all there is to read. */
export const reading = (version: string, factsOf: (answer: Json) => Facts): AzureReader => ({
  version,
  read: async (ask: Ask) => {
    const answer = await ask('');
    return answer === undefined ? undefined : factsOf(answer);
  },
});

/** `https://<vault>.vault.azure.net/keys/<key>/<version>` → `<vault>/<key>` */
export const keyIn = (url: string | undefined): string | undefined =>
  url?.replace(/^https:\/\/([^./]+)\.[^/]+\/keys\/([^/]+).*$/, '$1/$2');
