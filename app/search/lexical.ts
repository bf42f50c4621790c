import { termsOf } from '../sealing/index.js';

/**
 * How much of what was asked for is in the text, by words: what is left of searching when there is no vector to compare.
 * Never above 0.99: only a vector can say "the same".
 */
export const scoreByWords = (query: string, text: string): number => {
  const wanted = termsOf(query);
  if (wanted.size === 0) return 0;
  const found = termsOf(text);
  let hits = 0;
  for (const term of wanted) if (found.has(term)) hits++;
  return Math.min(0.99, hits / wanted.size);
};
