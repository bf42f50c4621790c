import { wordsOf } from '../sealing/index.js';

export interface RerankDocument {
  readonly id: string;
  readonly content: string;
  /** Nearness of its vector, when it is known. */
  readonly semantic: number | null;
  readonly keyword: number | null;
}

/** Looks again, and more closely, at the best few. A provider's model may take the place of the local one. */
export interface Reranker {
  readonly name: string;
  /** One score in [0, 1] a document, in their order. Throws when there is none to be had: the order then stays as it is. */
  rerank(query: string, documents: readonly RerankDocument[]): Promise<readonly number[]>;
}

/** What is near in meaning, has the words asked for, and has them together, is what was meant. */
const SHARES = { semantic: 0.5, coverage: 0.3, together: 0.2 } as const;

export const createLocalReranker = (): Reranker => ({
  name: 'local',
  rerank: async (query, documents) => {
    const wanted = wordsOf(query);
    return documents.map((document) => crossCheck(wanted, document));
  },
});

const crossCheck = (wanted: readonly string[], { content, semantic, keyword }: RerankDocument): number => {
  const words = wordsOf(content);
  const lexical = SHARES.coverage * (keyword ?? 0) + SHARES.together * longestRun(wanted, words);
  if (semantic === null) return lexical / (SHARES.coverage + SHARES.together);
  return Math.min(1, SHARES.semantic * semantic + lexical);
};

/** The longest part of the query that the text has word for word, as a share of the query. */
const longestRun = (wanted: readonly string[], words: readonly string[]): number => {
  if (wanted.length === 0) return 0;
  let previous = new Map<number, number>();
  let longest = 0;
  const places = placesOf(words);
  for (const word of wanted) {
    const current = new Map<number, number>();
    for (const at of places.get(word) ?? []) {
      const length = (previous.get(at - 1) ?? 0) + 1;
      current.set(at, length);
      if (length > longest) longest = length;
    }
    previous = current;
  }
  return longest / wanted.length;
};

const placesOf = (words: readonly string[]): ReadonlyMap<string, readonly number[]> => {
  const places = new Map<string, number[]>();
  words.forEach((word, at) => {
    const known = places.get(word);
    if (known) known.push(at);
    else places.set(word, [at]);
  });
  return places;
};
