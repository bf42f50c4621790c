import { type Static, Type } from '@sinclair/typebox';
import type { Core } from '../core.js';
import { type HistoryEntry, listHistory } from '../memories/history.js';
import type { Caller } from '../memories/service.js';
import { isOwner } from './entity.js';
import { orNotFound, readMemoryId } from './read.js';
import { categoriesOf } from './shape.js';

const OrNull = Type.Union([Type.String(), Type.Null()]);
export const HistoryEntrySchema = Type.Object({
  id: Type.String(),
  memory_id: Type.String(),
  input: Type.Array(Type.Unknown()),
  old_memory: OrNull,
  new_memory: OrNull,
  user_id: OrNull,
  categories: Type.Array(Type.String()),
  event: Type.Unsafe<'ADD' | 'UPDATE' | 'DELETE'>({ type: 'string', enum: ['ADD', 'UPDATE', 'DELETE'] }),
  metadata: Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()]),
  created_at: Type.String(),
  updated_at: Type.String(),
});
type Told = Static<typeof HistoryEntrySchema>;

/** What happens to a memory that mem0 has no word for (holds, reviews, feedback) is in our own history. */
const EVENTS: Readonly<Partial<Record<HistoryEntry['event'], Told['event']>>> = {
  add: 'ADD',
  update: 'UPDATE',
  supersede: 'UPDATE',
  restore: 'UPDATE',
  delete: 'DELETE',
};
const AT_ONCE = 1_000;

/** Oldest first; of a deleted memory too. */
export const history = async (
  { db, memories, people }: Core,
  caller: Caller,
  given: string | undefined,
): Promise<readonly Told[]> => {
  const id = readMemoryId(given);
  const entries: HistoryEntry[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const query = { limit: AT_ONCE, ...(cursor ? { cursor } : {}) };
    const page = await orNotFound(listHistory(memories, caller, id, query));
    entries.push(...page.results);
    cursor = page.next_cursor;
  }
  const user = await nameOfOwner({ db, people }, id);
  const first = entries[0]?.at ?? '';
  return entries.flatMap((entry) => tell(id, user, first, entry));
};

const tell = (id: string, user_id: string | null, first: string, entry: HistoryEntry): readonly Told[] => {
  const { version, before, after, at, audit_event } = entry;
  const event = EVENTS[entry.event];
  if (event === undefined) return [];
  const state = after ?? before;
  return [
    {
      id: audit_event ?? `${id}-${version}`,
      ...{ memory_id: id, input: [], user_id, event },
      old_memory: before?.content ?? null,
      new_memory: after?.content ?? null,
      categories: categoriesOf(state?.metadata ?? {}),
      metadata: state ? { ...state.metadata } : null,
      created_at: first,
      updated_at: at,
    },
  ];
};

/** Whose it is or was: asked only after whoever asks has seen its history. */
const nameOfOwner = async ({ db, people }: Pick<Core, 'db' | 'people'>, id: string): Promise<string | null> => {
  const { rows } = await db.query<{ user_ref: string | null }>(
    `SELECT user_ref FROM memories WHERE id = $1 UNION ALL SELECT user_ref FROM memory_history WHERE memory_id = $1 LIMIT 1`,
    [id],
  );
  const ref = rows[0]?.user_ref ?? null;
  const name = ref === null ? null : ((await people.names(db, [ref])).get(ref) ?? null);
  return isOwner(name) ? null : name;
};
