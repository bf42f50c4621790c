import { type Static, Type } from '@sinclair/typebox';
import { TIME } from '../http/validate.js';
import type { Memory } from '../memories/schema.js';
import { readTime } from '../memories/time.js';
import type { Found } from '../search/search.js';
import { isOwner, refuse } from './entity.js';

const Text = Type.String();
const OrNull = Type.Union([Type.String(), Type.Null()]);
const Part = Type.Union([Type.Number(), Type.Null()]);

export const M0Schema = Type.Object({
  id: Text,
  memory: Text,
  hash: Text,
  user_id: OrNull,
  agent_id: OrNull,
  app_id: OrNull,
  run_id: OrNull,
  session_id: OrNull,
  metadata: Type.Record(Text, Type.Unknown()),
  categories: Type.Array(Text),
  created_at: Text,
  updated_at: Text,
  expiration_date: OrNull,
  owner: Type.Null(),
  replaced_by: OrNull,
  synthesized: Type.Literal(false),
  structured_attributes: Type.Null(),
  score: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
  score_breakdown: Type.Optional(Type.Object({ semantic: Part, bm25: Part, entity: Part })),
});
export type M0 = Static<typeof M0Schema>;

/** A memory as mem0's clients know it. What the metadata says of users and agents is metadata. */
export const toM0 = (memory: Memory | Found): M0 => ({
  id: memory.id,
  memory: memory.content,
  hash: memory.content_hash,
  user_id: isOwner(memory.user_id) ? null : memory.user_id,
  agent_id: memory.agent_id,
  app_id: memory.app_id,
  run_id: memory.session_id,
  session_id: memory.session_id,
  metadata: memory.metadata,
  categories: categoriesOf(memory.metadata),
  created_at: memory.created_at,
  updated_at: memory.updated_at,
  expiration_date: memory.expires_at?.slice(0, 10) ?? null,
  owner: null,
  replaced_by: memory.superseded_by,
  synthesized: false,
  structured_attributes: null,
  ...('score' in memory ? { score: memory.score } : {}),
  ...('explain' in memory && memory.explain ? { score_breakdown: breakDown(memory.explain) } : {}),
});

const breakDown = ({ semantic, keyword }: NonNullable<Found['explain']>) => ({
  semantic,
  bm25: keyword,
  entity: null,
});

/** Nothing here sorts memories into categories: those are told that came with the memory. */
export const categoriesOf = ({ categories }: Memory['metadata']): string[] =>
  Array.isArray(categories) ? categories.filter((category) => typeof category === 'string') : [];

const A_DAY = /^\d{4}-\d{2}-\d{2}$/;
const A_TIME = new RegExp(TIME);

/** `YYYY-MM-DD`: good until that day is over, in UTC. A time is taken as it is. */
export const readExpiration = (date: string | null | undefined): string | null | undefined => {
  if (date === null || date === undefined) return date;
  const time = A_DAY.test(date) ? `${date}T23:59:59Z` : date;
  if (A_TIME.test(time) && readTime('/expiration_date', time)) return time;
  throw refuse('/expiration_date', 'date', '/expiration_date must be a day as 2026-12-31.');
};

export interface Page<T> {
  readonly count: number;
  readonly next: string | null;
  readonly previous: string | null;
  readonly results: readonly T[];
}

export const pageSchema = <T extends Parameters<typeof Type.Array>[0]>(item: T) =>
  Type.Object({ count: Type.Integer(), next: OrNull, previous: OrNull, results: Type.Array(item) });

export interface PageAsked {
  readonly page: number;
  readonly size: number;
}

/** Beyond the last page there is an empty one. */
export const buildPage = <T>(
  base: string,
  { page, size }: PageAsked,
  count: number,
  results: readonly T[],
): Page<T> => {
  const link = (to: number): string => `${base}?page=${to}&page_size=${size}`;
  return {
    count,
    next: page * size < count ? link(page + 1) : null,
    previous: page > 1 ? link(page - 1) : null,
    results,
  };
};
