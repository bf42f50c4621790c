import type { Json } from '../http/json.js';
import { type RowContent, termsOf } from '../sealing/index.js';
import { leavesOf } from './filter/metadata.js';

/**
 * The terms that a row is found by. Words stand for themselves; a word has letters, digits and marks only, so a term with
 * `=` or `~` in it is never one:
 *
 *     s=Alice  p=likes  o=tea     the exact subject, predicate, object
 *     m.topic="tea"               a value in the metadata, or an item of a list there
 *     m~tea                       a word anywhere in the metadata
 *     n=a.b                       the namespace, and each that it lies in
 */
export const METADATA_WORD = 'm~';
export const exactTerm = (prefix: string, value: Json): string =>
  prefix.startsWith('m.') ? `${prefix}=${JSON.stringify(value)}` : `${prefix}${String(value)}`;
export const namespaceTerm = (namespace: string): string => `n=${namespace}`;

export const indexTerms = (content: RowContent, namespace: readonly string[]): ReadonlySet<string> => {
  const terms = new Set(termsOf(content.content));
  for (const [prefix, text] of [
    ['s=', content.subject],
    ['p=', content.predicate],
    ['o=', content.object],
  ] as const) {
    if (text === null) continue;
    terms.add(exactTerm(prefix, text));
    for (const term of termsOf(text)) terms.add(term);
  }
  for (const { path, value } of leavesOf(content.metadata)) {
    terms.add(exactTerm(`m.${path}`, value));
    if (typeof value === 'string') for (const term of termsOf(value)) terms.add(`${METADATA_WORD}${term}`);
  }
  namespace.forEach((_, index) => {
    terms.add(namespaceTerm(namespace.slice(0, index + 1).join('.')));
  });
  return terms;
};
