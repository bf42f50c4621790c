import { padTokens, type RowContent } from '../sealing/index.js';
import type { Vault } from '../tenancy/vault.js';
import { readPath } from './filter/metadata.js';
import { type IndexSettings, indexMark } from './index-mark.js';
import { indexTerms } from './terms.js';

/** What is stored beside a row's seal so that it can be searched for. */
export interface SearchColumns {
  readonly search_tokens: readonly number[] | null;
  /** JSON text. */
  readonly clear_metadata: string | null;
  readonly index_mark: number;
}

export interface Searchable {
  readonly slot: number;
  readonly content: RowContent;
  readonly namespace: readonly string[];
}

/** With every write of a row; the slot's key must be there (`vault.prepare`). */
export const buildSearchColumns = (
  vault: Vault,
  settings: IndexSettings,
  { slot, content, namespace }: Searchable,
): SearchColumns => ({
  search_tokens:
    settings.index === 'off' ? null : [...padTokens(vault.searchTokens(slot, indexTerms(content, namespace)))],
  clear_metadata: buildClearMetadata(settings, content),
  index_mark: indexMark(settings),
});

/** Of each key that the tenant keeps in clear the value, if it has an order; a list where the key can be read in two ways. */
export const buildClearMetadata = ({ clearMetadata }: IndexSettings, { metadata }: RowContent): string | null => {
  if (clearMetadata.length === 0) return null;
  const kept = clearMetadata.flatMap((key) => {
    const values = readPath(metadata, key).filter((one) => typeof one === 'number' || typeof one === 'string');
    return values.length === 0 ? [] : [[key, values.length === 1 ? values[0] : values] as const];
  });
  return kept.length === 0 ? null : JSON.stringify(Object.fromEntries(kept));
};
