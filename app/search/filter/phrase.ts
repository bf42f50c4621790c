import { casedWordsOf, wordsOf } from '../../sealing/index.js';

/**
 * Whether a text holds a phrase as whole words in a row. With case, the words must agree without it too: then whatever
 * matches has the phrase's search tokens.
 */
export const holdsPhrase = (text: string, phrase: string, folded: boolean): boolean =>
  holdsRun(wordsOf(text), wordsOf(phrase)) && (folded || holdsRun(casedWordsOf(text), casedWordsOf(phrase)));

const holdsRun = (words: readonly string[], run: readonly string[]): boolean => {
  const [first] = run;
  if (first === undefined) return false;
  for (let at = words.indexOf(first); at >= 0; at = words.indexOf(first, at + 1)) {
    if (run.every((word, index) => words[at + index] === word)) return true;
  }
  return false;
};
