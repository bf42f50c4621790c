import { type Rest, textAt } from '../rest.js';
import type { Facts } from '../target.js';

type Json = Readonly<Record<string, unknown>>;
export type Reader = (rest: Rest, name: string, signal: AbortSignal) => Promise<Facts | undefined>;
export type Readers = Readonly<Record<string, Reader>>;

export const reading =
  (urlOf: (name: string) => string, factsOf: (answer: Json) => Facts): Reader =>
  async (rest, name, signal) => {
    const answer = await rest.get(urlOf(name), signal);
    return answer === undefined ? undefined : factsOf(answer);
  };

/** The stores name the version that they use; the stacks name the key. */
export const keyOf = (value: unknown, path: string): string | undefined =>
  textAt(value, path)?.replace(/\/cryptoKeyVersions\/.*$/, '');

/** The first of a list that is told page by page, of which this holds. */
export async function findOn(
  rest: Rest,
  url: string,
  field: string,
  signal: AbortSignal,
  holds: (one: Json) => boolean,
): Promise<Json | undefined> {
  let page = '';
  do {
    const next = page === '' ? url : `${url}${url.includes('?') ? '&' : '?'}pageToken=${encodeURIComponent(page)}`;
    const answer = await rest.get(next, signal);
    const found = ((answer?.[field] ?? []) as readonly Json[]).find(holds);
    if (found !== undefined) return found;
    page = textAt(answer, 'nextPageToken') ?? '';
  } while (page !== '');
  return undefined;
}
