import type { RowContent } from '../sealing/index.js';
import { wordsOf } from '../sealing/terms.js';

/**
 * Vectors alone cannot tell: the local model puts "the gate code is 4711" and "… 4712" at 0.98, "on Monday" and "on Tuesday"
 * at 0.98, but one statement in another case or punctuation at 0.86. So they propose, and words decide.
 */
export const SAME_MEANING = 0.85;

/** Words that change nothing of what is said. Neither "not" nor "from" nor a tense is among them. */
const FILLERS: ReadonlySet<string> = new Set(['a', 'an', 'the', 'also', 'just', 'very', 'really']);

/** Whether a word changes nothing of what is said. */
export const isFiller = (word: string): boolean => FILLERS.has(word);

type Stated = Pick<RowContent, 'content' | 'subject' | 'predicate' | 'object'>;

/** Pure: the same words in the same order, whatever their case, punctuation and articles; or the same stated fact. */
export const saysTheSame = (a: Stated, b: Stated): boolean => {
  const [fact, other] = [factOf(a), factOf(b)];
  if (fact !== undefined && other !== undefined) return fact === other;
  return sequenceOf(a.content) === sequenceOf(b.content);
};

/** What two statements have in common when, and mostly only when, they say the same. */
export const statementsOf = (stated: Stated): readonly string[] => {
  const fact = factOf(stated);
  const words = `words\n${sequenceOf(stated.content)}`;
  return fact === undefined ? [words] : [`fact\n${fact}`, words];
};

const factOf = ({ subject, predicate, object }: Stated): string | undefined =>
  subject && predicate && object ? [subject, predicate, object].map(sequenceOf).join('\n') : undefined;

const sequenceOf = (text: string): string =>
  wordsOf(text)
    .filter((word) => !isFiller(word))
    .join(' ');
