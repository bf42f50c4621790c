import { isAllowed } from '../access/principal.js';
import { problem } from '../http/errors.js';
import { deleteMemories } from '../memories/bulk-delete.js';
import type { Caller } from '../memories/service.js';
import type { Mem0Deps } from './add.js';
import { boundUser, entityRequired, FIELDS, type Field, KINDS, type Kind, type Names, refuse } from './entity.js';
import { recordNothing } from './events.js';
import { resolveAsked } from './filters.js';

export interface SweptAway {
  readonly deleted: number;
  readonly held: number;
  readonly event_id: string;
}

const AT_ONCE = 10_000;

/** What belongs to all of the named entities. What a whole team or the tenant reads is never swept away with it. */
export const sweepEntities = async ({ core }: Mem0Deps, caller: Caller, names: Names): Promise<SweptAway> => {
  const given = Object.entries(names) as readonly (readonly [Field, string])[];
  if (given.length === 0) throw entityRequired();
  if (given.some(([, value]) => value === '*')) requireAdmin(caller);
  const { filters, user_id = boundUser(caller) ?? undefined } = resolveAsked(caller, { names });
  const who = user_id === undefined ? { ofAnybody: true } : { user_id };
  let [deleted, held] = [0, 0];
  let event: string | null = null;
  for (let truncated = true; truncated; ) {
    const asked = { filters, ...who, dryRun: false, max: AT_ONCE, reason: null };
    const done = await deleteMemories(core.memories, caller, asked);
    deleted += done.deleted;
    held = done.held;
    event ??= done.audit_event;
    // Only what is held may be left: those would come again for ever.
    truncated = done.truncated && done.deleted > 0;
  }
  return { deleted, held, event_id: event ?? (await recordNothing(core, caller, 'delete')) };
};

const requireAdmin = ({ principal }: Caller): void => {
  if (isAllowed(principal, 'admin')) return;
  throw problem('forbidden', `The role ${principal.role} may not delete what belongs to everybody.`, {
    remedy: 'Name one entity in place of *, or use an admin key.',
  });
};

export const toldOf = (what: string, { held, event_id }: SweptAway) => ({
  message: held > 0 ? `${what} ${held} stay under a legal hold.` : what,
  event_id,
});

const ID = /^\P{Cc}{1,256}$/u;

/** The entity that a path names. */
export const readEntity = (type: string | undefined, name: string | undefined): Names => {
  const kind = KINDS.find((known): known is Kind => known === type || `${known}_id` === type);
  if (kind === undefined)
    throw refuse('/path/type', 'enum', `The type in the path must be one of ${KINDS.join(', ')}.`);
  if (name === undefined || !ID.test(name))
    throw refuse('/path/name', 'pattern', 'A name has 1 to 256 printable characters.');
  return { [FIELDS[kind]]: name };
};
