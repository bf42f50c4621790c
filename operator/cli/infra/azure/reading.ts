import type { Facts } from '../target.js';

type Json = Readonly<Record<string, unknown>>;
export interface Elsewhere {
  /** Not below the resource: a path of its own, of another version of the API. */
  readonly from: string;
  readonly version: string;
}

/** A path below the resource, empty for the resource itself; or a link that an answer gave. */
export type Ask = (path: string, elsewhere?: Elsewhere) => Promise<Json | undefined>;

export interface AzureReader {
  /** Of the API that the answer was written against. */
  readonly version: string;
  readonly read: (ask: Ask, name: string) => Promise<Facts | undefined>;
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

/** All of a list that is told page by page. */
export async function listOf(ask: Ask, path: string, elsewhere?: Elsewhere): Promise<readonly Json[]> {
  const found: Json[] = [];
  let answer = await ask(path, elsewhere);
  while (answer !== undefined) {
    found.push(...((answer.value ?? []) as readonly Json[]));
    const { nextLink } = answer;
    answer = typeof nextLink === 'string' && nextLink !== '' ? await ask(nextLink) : undefined;
  }
  return found;
}
