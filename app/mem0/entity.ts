import { type FieldError, problem } from '../http/errors.js';
import type { Caller } from '../memories/service.js';
import { readUserHeader, resolveUserId } from '../tenancy/identity.js';

/** mem0's four kinds of entity, and what our memories call them. */
export const FIELDS = { user: 'user_id', agent: 'agent_id', app: 'app_id', run: 'session_id' } as const;
export type Kind = keyof typeof FIELDS;
export type Field = (typeof FIELDS)[Kind];
export const KINDS = Object.keys(FIELDS) as readonly Kind[];
export type Names = { readonly [F in Field]?: string };

/** As clients send them; run and session are one thing, which they call by either name. */
export interface GivenNames {
  readonly user_id?: string | null;
  readonly agent_id?: string | null;
  readonly app_id?: string | null;
  readonly run_id?: string | null;
  readonly session_id?: string | null;
}

export const readNames = ({ run_id, session_id, ...others }: GivenNames): Names => {
  if (run_id && session_id && run_id !== session_id) {
    throw refuse('/run_id', 'exclusive', 'run_id and session_id are one thing and name two: send one of them.');
  }
  const given = { ...others, session_id: run_id ?? session_id };
  const names = Object.values(FIELDS).flatMap((field) => (given[field] ? [[field, given[field]] as const] : []));
  return Object.fromEntries(names);
};

export const refuse = (pointer: string, code: string, detail: string, more: readonly FieldError[] = []) =>
  problem('invalid_request', detail, { errors: [{ pointer, code, detail }, ...more] });

export const entityRequired = () =>
  problem('invalid_request', 'At least one of user_id, agent_id, app_id and run_id is required.', {
    remedy: 'Name a user, an agent, an application or a run.',
    errors: [{ pointer: '/user_id', code: 'entity_required', detail: 'one of user_id, agent_id, app_id, run_id' }],
  });

/** The person whom the credential or the header X-User-ID names; `Mem0-User-ID` names nobody. */
export const boundUser = ({ principal, headers }: Caller): string | null =>
  resolveUserId(principal, { explicit: null, header: readUserHeader(headers) });

/**
 * Every memory is somebody's; what belongs to an agent, an application or a run alone is its own, so that no person of the
 * tenant sees it. Such an owner is a person by name only: it has a key of its own, and is told to nobody.
 */
const OWNER = 'mem0:';
/** Marks what has such an owner: no memory of a user. */
export const OWNERLESS = 'mem0-without-user';
const LONGEST = 256;

export const ownerOf = (names: Names): string => {
  const kind = (['agent', 'app', 'run'] as const).find((candidate) => names[FIELDS[candidate]] !== undefined);
  if (kind === undefined) throw entityRequired();
  const owner = `${OWNER}${kind}:${names[FIELDS[kind]]}`;
  if (owner.length <= LONGEST) return owner;
  const pointer = `/${kind}_id`;
  throw refuse(pointer, 'maxLength', `${pointer} is longer than ${LONGEST - 11} characters, and no user is named.`);
};

export const isOwner = (userId: string | null): boolean => userId?.startsWith(OWNER) ?? false;
