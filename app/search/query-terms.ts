import { termsOf } from '../sealing/index.js';
import type { Vault } from '../tenancy/vault.js';
import type { TermTokens } from './store.js';

/** Of a longer text the first ones: it is a document, not a question, and its meaning is what finds. */
const MAX_TERMS = 32;

export const queryTermsOf = (query: string | undefined): readonly string[] =>
  query === undefined ? [] : [...termsOf(query)].slice(0, MAX_TERMS);

/** Each term as its tokens in these slots. Their keys must be there. */
export const tokensOfTerms = (
  vault: Vault,
  slots: readonly number[],
  terms: readonly string[],
): readonly TermTokens[] => terms.map((term) => slots.flatMap((slot) => [...vault.searchTokens(slot, [term])]));
