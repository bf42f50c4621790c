import type { MemoryRow } from '../memories/rows.js';
import { type Corpus, rankByTerms } from './bm25.js';
import type { Candidate } from './candidate.js';
import { indexMark, indexSettings } from './index-mark.js';
import { tokensOfTerms } from './query-terms.js';
import type { SearchDeps } from './search-deps.js';
import type { SearchSpace } from './space.js';
import { selectByTokens, selectNewest, selectStale } from './store.js';

/** Without an index over words, the newest rows are opened and read. */
const MAX_READ = 1_000;
/** Rows that a worker has not indexed yet: while it is at it, the newest of them are read. */
const MAX_STALE = 500;

/** The rows that share the query's terms, found by tokens over what is sealed and ranked by what is in it. */
export const findByTerms = async (
  deps: SearchDeps,
  space: SearchSpace,
  terms: readonly string[],
  count: number,
): Promise<readonly Candidate[]> => {
  if (terms.length === 0) return [];
  const settings = indexSettings(deps.policies());
  if (settings.index === 'off') return rankRows(deps, await selectNewest(deps.db, space.allowed, MAX_READ), terms);
  await deps.vault.prepare(space.slots);
  const mark = indexMark(settings);
  const found = await selectByTokens(
    deps.db,
    space.allowed,
    tokensOfTerms(deps.vault, space.slots, terms),
    mark,
    count,
  );
  const stale = found.stale ? await selectStale(deps.db, space.allowed, mark, MAX_STALE) : [];
  const rows = new Map([...found.rows, ...stale].map((row) => [row.id, row]));
  const frequencies = new Map(terms.map((term, index) => [term, found.frequencies[index] ?? 0]));
  return rankRows(
    deps,
    [...rows.values()],
    terms,
    stale.length === 0 ? { total: found.total, frequencies } : undefined,
  );
};

/** Opens rows and ranks them by their words; those that share none are left out. */
export const rankRows = async (
  { vault, presenter }: SearchDeps,
  rows: readonly MemoryRow[],
  terms: readonly string[],
  corpus?: Corpus,
): Promise<readonly Candidate[]> => {
  await vault.prepare(rows.map(({ slot }) => slot));
  const opened = rows.flatMap((row) => {
    const content = presenter.open(row);
    return content ? [{ row, content }] : [];
  });
  const texts = opened.map(({ row, content }) => ({ id: row.id, text: searchableText(content) }));
  const ranked = new Map(rankByTerms(terms, texts, corpus).map((one) => [one.id, one]));
  return opened.flatMap(({ row, content }) => {
    const one = ranked.get(row.id);
    return one ? [{ row, content, semantic: null, keyword: one.score, matched: one.matched }] : [];
  });
};

type Texts = {
  readonly content: string;
  readonly subject: string | null;
  readonly predicate: string | null;
  readonly object: string | null;
};

/** A statement is usually made of words of the content; where it is not, it is found by them all the same. */
const searchableText = ({ content, subject, predicate, object }: Texts): string =>
  [content, ...[subject, predicate, object].filter((part) => part !== null && !content.includes(part))].join(' ');
