import type { Static } from '@sinclair/typebox';
import { readNames } from './entity.js';
import { merge } from './filters.js';
import type { Listing, Searching } from './read.js';
import type { ListBody, SearchBody } from './schema.js';

type Filter = Readonly<Record<string, unknown>>;

/** What a list or a search says beside its filters and its entities. */
const alsoOf = (body: Partial<Static<typeof ListBody>>): readonly Filter[] => {
  const { start_date, end_date, categories } = body;
  const span = { ...(start_date ? { gte: start_date } : {}), ...(end_date ? { lte: lastOf(end_date) } : {}) };
  return [
    ...(Object.keys(span).length > 0 ? [{ created_at: span }] : []),
    ...(categories && categories.length > 0 ? [{ 'metadata.categories': { in: categories } }] : []),
  ];
};

/** A day is meant to its end. */
const lastOf = (date: string): string => (/^\d{4}-\d{2}-\d{2}$/.test(date) ? `${date}T23:59:59.999Z` : date);

export const readListing = (body: Partial<Static<typeof ListBody>>, freeKeys = false): Listing => ({
  names: readNames(body),
  filters: body.filters ?? undefined,
  also: alsoOf(body).length === 0 ? [] : [merge(alsoOf(body))],
  freeKeys,
  latest_only: body.latest_only ?? undefined,
  show_expired: body.show_expired ?? undefined,
});

export const readSearching = (body: Static<typeof SearchBody>, freeKeys = false): Searching => ({
  ...readListing(body, freeKeys),
  query: body.query,
  top_k: body.top_k ?? body.limit ?? undefined,
  threshold: body.threshold ?? undefined,
  rerank: body.rerank ?? undefined,
  explain: body.explain ?? undefined,
  fields: body.fields ?? undefined,
});

export const isV11 = ({ output_format }: { readonly output_format?: string | null }): boolean =>
  output_format === 'v1.1';
