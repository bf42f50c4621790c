import { wordsOf } from '../sealing/index.js';

/** How often a term must come again to weigh more, and how far length excuses it: the usual values. */
const SATURATION = 1.2;
const LENGTH = 0.75;

export interface Corpus {
  /** Rows that match at all, and of them those that match each term. */
  readonly total: number;
  readonly frequencies: ReadonlyMap<string, number>;
}

export interface Lexical {
  readonly id: string;
  /** In [0, 1]: 1 when a text of average length has every term once. */
  readonly score: number;
  readonly matched: readonly string[];
}

/** Ranks opened texts by the terms asked for. What shares no term is left out. */
export const rankByTerms = (
  terms: readonly string[],
  texts: readonly { readonly id: string; readonly text: string }[],
  corpus?: Corpus,
): readonly Lexical[] => {
  if (terms.length === 0) return [];
  const counted = texts.map(({ id, text }) => ({ id, ...countWords(text) }));
  const average = counted.reduce((sum, { length }) => sum + length, 0) / Math.max(1, counted.length) || 1;
  const { total, frequencies } = corpus ?? measure(terms, counted);
  const weights = terms.map((term) => Math.log(1 + (total + 1) / ((frequencies.get(term) ?? 0) + 0.5)));
  const ideal = weights.reduce((sum, weight) => sum + weight, 0);
  return counted.flatMap(({ id, length, counts }) => {
    const matched = terms.filter((term) => counts.has(term));
    if (matched.length === 0) return [];
    const raw = terms.reduce((sum, term, index) => {
      const count = counts.get(term) ?? 0;
      const damping = SATURATION * (1 - LENGTH + (LENGTH * length) / average);
      // A short text must not outdo one that has more of the terms.
      return sum + (weights[index] ?? 0) * Math.min(1, (count * (SATURATION + 1)) / (count + damping));
    }, 0);
    return [{ id, score: raw / ideal, matched }];
  });
};

interface Counted {
  readonly length: number;
  readonly counts: ReadonlyMap<string, number>;
}

const countWords = (text: string): Counted => {
  const counts = new Map<string, number>();
  const words = wordsOf(text);
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return { length: words.length, counts };
};

const measure = (terms: readonly string[], texts: readonly Counted[]): Corpus => ({
  total: texts.length,
  frequencies: new Map(terms.map((term) => [term, texts.filter(({ counts }) => counts.has(term)).length])),
});
