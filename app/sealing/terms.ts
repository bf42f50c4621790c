import { STOP_WORDS } from './stop-words.js';

/** Accents of Latin, Greek and Cyrillic letters; the vowel signs of other scripts are letters there and stay. */
const ACCENTS = /[\u0300-\u036f]/g;
const ASCII = /^[\x20-\x7e\s]*$/;
const BEYOND_ASCII = /\P{ASCII}/u;
const POSSESSIVE = /['’]s(?![\p{L}\p{N}])/gu;
const APOSTROPHE = /['’]/g;
const TERM = /[\p{L}\p{N}\p{M}]+/gu;
/** Scripts without spaces between words: pairs of characters stand for words. */
const UNSPACED = /[\p{scx=Hani}\p{scx=Hira}\p{scx=Kana}\p{scx=Thai}\p{scx=Laoo}\p{scx=Khmr}\p{scx=Mymr}]+/gu;

/** One form for what people take for the same word: compatibility forms, case and accents folded. */
export const normalise = (text: string): string =>
  folded(text).toLowerCase().normalize('NFKC').replace(POSSESSIVE, '').replace(APOSTROPHE, '');

/** Most text is ASCII, which has nothing to fold. */
const folded = (text: string): string => (ASCII.test(text) ? text : text.normalize('NFKD').replace(ACCENTS, ''));

/** The distinct terms of a text, in order of appearance, without stop words. The same for what is stored and sought. */
export function termsOf(text: string): ReadonlySet<string> {
  const terms = new Set<string>();
  for (const term of wordsOf(text)) if (!STOP_WORDS.has(term)) terms.add(term);
  return terms;
}

/** Every word of a text, in order, stop words too: what phrases are compared by. */
export const wordsOf = (text: string): readonly string[] =>
  BEYOND_ASCII.test(text) ? split(normalise(text)) : splitAscii(text.toLowerCase());

/** The same words in the case and with the accents that they are written with. */
export const casedWordsOf = (text: string): readonly string[] =>
  split(text.normalize('NFKC').replace(POSSESSIVE, '').replace(APOSTROPHE, ''));

const split = (normal: string): readonly string[] => {
  const words: string[] = [];
  for (const [word] of normal.matchAll(TERM)) words.push(...splitUnspaced(word));
  return words;
};

/** What `split(normalise(text))` comes to where there is nothing to fold, at a sixth of its cost. */
function splitAscii(lower: string): readonly string[] {
  const text = lower.includes("'") ? lower.replace(POSSESSIVE, '').replace(APOSTROPHE, '') : lower;
  const words: string[] = [];
  let start = -1;
  for (let at = 0; at < text.length; at += 1) {
    if (isOfWord(text.charCodeAt(at))) {
      if (start < 0) start = at;
    } else if (start >= 0) {
      words.push(text.slice(start, at));
      start = -1;
    }
  }
  if (start >= 0) words.push(text.slice(start));
  return words;
}

/** Small letters and digits. */
const isOfWord = (code: number): boolean => (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39);

function splitUnspaced(word: string): readonly string[] {
  const parts: string[] = [];
  let end = 0;
  for (const match of word.matchAll(UNSPACED)) {
    if (match.index > end) parts.push(word.slice(end, match.index));
    parts.push(...pairs([...match[0]]));
    end = match.index + match[0].length;
  }
  if (end < word.length) parts.push(word.slice(end));
  return parts;
}

const pairs = (characters: readonly string[]): readonly string[] =>
  characters.length < 2 ? characters : characters.slice(1).map((character, i) => `${characters[i] ?? ''}${character}`);
