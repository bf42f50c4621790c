import { readFileSync } from 'node:fs';
import { STOP_WORDS } from '../../../app/sealing/stop-words.js';
import { normalise, termsOf, wordsOf } from '../../../app/sealing/terms.js';
import { padTokens, queryTokens, searchTokens, storedTokens, termTokens } from '../../../app/sealing/tokens.js';
import { readVectors, slotKeyOf } from '../../support/vectors.js';
import { AUTH_KEY, SLOT_KEY, TENANT } from '../../vectors/inputs.js';

interface Vectors {
  readonly terms: readonly { readonly term: string; readonly token: number }[];
  readonly texts: readonly { readonly text: string; readonly terms: readonly string[] }[];
}

const vectors = readVectors<Vectors>('tokens');
const key = slotKeyOf(SLOT_KEY, TENANT);
const words = (count: number): string => Array.from({ length: count }, (_, i) => `word${i}`).join(' ');

describe('search tokens', () => {
  it.each(vectors.terms)('the term $term has the published token', ({ term, token }) => {
    expect([...termTokens(key, [term])]).toEqual([token]);
  });

  it.each(vectors.texts)('"$text" has the published terms', ({ text, terms }) => {
    expect([...termsOf(text)]).toEqual(terms);
    expect([...termsOf(normalise(text))]).toEqual(terms);
  });

  it('are a sorted set', () => {
    const tokens = termTokens(key, ['tea', 'sugar', 'tea', 'milk']);
    expect([...tokens]).toEqual([...new Set(tokens)].sort((a, b) => a - b));
    expect(tokens).toHaveLength(3);
  });

  it.each([
    [0, 8],
    [8, 8],
    [9, 16],
    [17, 32],
    [33, 64],
    [64, 64],
    [65, 128],
    [300, 320],
  ])('of %i terms are %i when stored', (count, size) => {
    const stored = searchTokens(key, words(count));
    expect(stored).toHaveLength(size);
    expect(new Set(stored).size).toBe(size);
    expect([...queryTokens(key, words(count))].every((token) => stored.includes(token))).toBe(true);
  });

  it('of many rows are those of each row by itself, whatever its terms are made of', () => {
    const long = 'a word of more than fifteen bytes'.replaceAll(' ', '');
    const rows = [
      [],
      ['tea'],
      ['tea', 'café', '漢字', long, `${long}é`, '😀'.repeat(3), 'x'.repeat(15)],
      words(70).split(' '),
    ];
    storedTokens(
      key,
      rows.map((terms) => new Set(terms)),
    ).forEach((stored, n) => {
      const own = termTokens(key, rows[n] ?? []);
      expect(stored).toHaveLength([8, 8, 8, 128][n] ?? -1);
      expect([...stored]).toEqual([...new Set(stored)].sort((a, b) => a - b));
      expect([...own].every((token) => stored.includes(token))).toBe(true);
    });
  });

  it('of plain text are of the words that the same text has among others', () => {
    const pieces = [
      "it's",
      'don’t',
      "James'",
      "'s",
      "''",
      'A_b',
      'x1',
      '42',
      '-',
      '\t',
      '\0',
      "O'Neil's",
      '~',
      'ß'.normalize('NFD'),
      ' ',
    ];
    let state = 7;
    const next = (below: number): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    for (let n = 0; n < 500; n++) {
      const text = Array.from({ length: 1 + next(8) }, () => pieces[next(pieces.length)] ?? '').join('');
      expect([text, ...wordsOf(text), 'é']).toEqual([text, ...wordsOf(`${text} É`).slice(0, -1), 'é']);
    }
  });

  it('are padded with tokens that no later row repeats', () => {
    const [one, two] = [padTokens(new Int32Array()), padTokens(new Int32Array())];
    expect([...one].filter((token) => two.includes(token))).toEqual([]);
  });

  it('of two slots have nothing in common', () => {
    const other = slotKeyOf(AUTH_KEY, TENANT);
    const mine = queryTokens(key, words(60));
    expect([...queryTokens(other, words(60))].filter((token) => mine.includes(token))).toEqual([]);
  });

  it('of a question made of stop words are none, which is not the same as "matches everything"', () => {
    expect(queryTokens(key, 'what is it about?')).toHaveLength(0);
  });

  it('leave out exactly the stop words that the reference publishes', () => {
    const page = readFileSync('docs/reference/formats.md', 'utf8');
    const published = /```stop-words\n(?<words>[^`]*)```/.exec(page)?.groups?.words?.trim().split(/\s+/);
    expect(published).toEqual([...STOP_WORDS]);
  });
});
