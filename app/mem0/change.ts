import { Problem, problem } from '../http/errors.js';
import { deleteMemories } from '../memories/bulk-delete.js';
import { updateMemories } from '../memories/bulk-update.js';
import { deleteMemory } from '../memories/delete.js';
import { giveFeedback } from '../memories/feedback.js';
import type { Caller } from '../memories/service.js';
import { UNTOLD } from '../memories/service.js';
import { updateMemory } from '../memories/update.js';
import type { Mem0Deps } from './add.js';
import { refuse } from './entity.js';
import { memoryNotFound, orNotFound, readMemoryId } from './read.js';
import { type M0, readExpiration, toM0 } from './shape.js';

export interface Changing {
  readonly text?: string | null | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | null | undefined;
  readonly expiration_date?: string | null | undefined;
}

/** What is named changes: the metadata's keys one by one. `expiration_date: null` takes the date away. */
const buildPatch = ({ text, metadata, expiration_date }: Changing, pointer = '') => {
  const expires = readExpiration(expiration_date);
  const patch = {
    ...(text === undefined || text === null ? {} : { content: text }),
    ...(metadata === undefined || metadata === null ? {} : { metadata }),
    ...(expires === undefined ? {} : { expires_at: expires }),
  };
  if (Object.keys(patch).length > 0) return patch;
  throw refuse(`${pointer}/text`, 'required', 'At least one of text, metadata and expiration_date is required.');
};

const PLAIN = { ifMatch: undefined, reason: null } as const;

export const change = async (
  { core }: Mem0Deps,
  caller: Caller,
  id: string | undefined,
  changing: Changing,
): Promise<M0> =>
  toM0(await orNotFound(updateMemory(core.memories, caller, readMemoryId(id), buildPatch(changing), PLAIN)));

export const remove = async ({ core }: Mem0Deps, caller: Caller, id: string | undefined, linked: boolean) => {
  await orNotFound(deleteMemory(core.memories, caller, readMemoryId(id), { ...PLAIN, linked }));
  return { message: 'Memory deleted successfully!' };
};

export type BatchItem = Changing & { readonly memory_id: string };

/** All or none. */
export const changeBatch = async ({ core }: Mem0Deps, caller: Caller, items: readonly BatchItem[]) => {
  const updates = items.map(({ memory_id: id, ...changing }, index) => ({
    id,
    patch: buildPatch(changing, `/memories/${index}`),
  }));
  try {
    await updateMemories(core.memories, caller, updates, { onError: 'abort', reason: null });
  } catch (cause) {
    throw cause instanceof Problem ? inTheirWords(cause) : cause;
  }
  return { message: `Successfully updated ${items.length} memories` };
};

const inTheirWords = (cause: Problem): Problem => {
  const errors = cause.options.errors?.map((error) => ({
    ...error,
    pointer: error.pointer.replace(/^\/updates\/(\d+)(\/patch)?/, '/memories/$1').replace(/\/content$/, '/text'),
  }));
  return problem(cause.code, cause.message, { ...cause.options, ...(errors ? { errors } : {}) });
};

/** Those that are there: whoever deletes one twice has what they wanted. */
export const removeBatch = async ({ core }: Mem0Deps, caller: Caller, ids: readonly string[]) => {
  const asked = { ids, dryRun: false, max: ids.length, reason: null };
  const { deleted, held, matched } = await deleteMemories(core.memories, caller, asked);
  if (matched === 0) throw memoryNotFound();
  if (deleted === 0 && held > 0) throw problem('legal_hold', 'All of the memories are under a legal hold.');
  const kept = held > 0 ? `; ${held} stay under a legal hold` : '';
  return { message: `Successfully deleted ${deleted} memories${kept}` };
};

export interface FeedbackGiven {
  readonly memory_id: string;
  readonly feedback?: 'POSITIVE' | 'NEGATIVE' | 'VERY_NEGATIVE' | null;
  readonly feedback_reason?: string | null;
}
const VALUES = { POSITIVE: 'positive', NEGATIVE: 'negative', VERY_NEGATIVE: 'very_negative' } as const;

export const feedBack = async ({ core }: Mem0Deps, caller: Caller, given: FeedbackGiven) => {
  const { memory_id, feedback = null, feedback_reason = null } = given;
  const value = feedback === null ? null : VALUES[feedback];
  const options = { ifMatch: undefined, reason: feedback_reason };
  const { id } = await orNotFound(giveFeedback(core.memories, caller, readMemoryId(memory_id), value, options, UNTOLD));
  return { id, feedback, feedback_reason, message: 'Feedback received.' };
};
