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
