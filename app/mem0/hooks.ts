import { type Static, Type } from '@sinclair/typebox';
import type { Core } from '../core.js';
import { problem } from '../http/errors.js';
import { isUuid } from '../http/validate.js';
import type { Caller } from '../memories/service.js';
import type { Webhook, WebhookDraft, Webhooks } from '../webhooks/webhooks.js';
import { ping } from './account.js';
import { refuse } from './entity.js';

export const HookSchema = Type.Object({
  webhook_id: Type.String(),
  name: Type.String(),
  url: Type.String(),
  project: Type.String(),
  event_types: Type.Array(Type.String()),
  is_active: Type.Boolean(),
  created_at: Type.String(),
  updated_at: Type.String(),
  secret: Type.Optional(Type.String()),
});
type Hook = Static<typeof HookSchema>;

/** Nothing sorts memories into categories here: who asks to be told of it is never told. */
const TYPES: Readonly<Record<string, readonly string[]>> = {
  memory_add: ['memory.created'],
  memory_update: ['memory.updated', 'memory.replaced', 'memory.merged', 'memory.superseded'],
  memory_delete: ['memory.deleted'],
  memory_categorize: ['memory.categorized'],
};

const readTypes = (given: readonly string[]): readonly string[] => {
  const wrong = given.findIndex((type) => !Object.hasOwn(TYPES, type));
  if (wrong >= 0)
    throw refuse(
      `/event_types/${wrong}`,
      'enum',
      `/event_types/${wrong} must be one of ${Object.keys(TYPES).join(', ')}.`,
    );
  return [...new Set(given.flatMap((type) => TYPES[type] ?? []))];
};

/** A webhook that was made by our own API may be told of more than mem0 has words for: that shows as it is. */
const tellTypes = (types: readonly string[]): string[] => {
  const known = Object.entries(TYPES).filter(([, ours]) => ours.every((type) => types.includes(type)));
  const told = new Set(known.flatMap(([, ours]) => ours));
  return [...known.map(([name]) => name), ...types.filter((type) => !told.has(type))];
};

const toHook = (project: string, hook: Webhook & { readonly secret?: string }): Hook => ({
  webhook_id: hook.id,
  name: hook.name ?? '',
  url: hook.url,
  project,
  event_types: tellTypes(hook.event_types),
  is_active: hook.active,
  created_at: hook.created_at,
  updated_at: hook.updated_at,
  ...(hook.secret === undefined ? {} : { secret: hook.secret }),
});

export interface HookGiven {
  readonly name?: string | null;
  readonly url?: string;
  readonly event_types?: readonly string[];
  readonly is_active?: boolean;
}

export interface Hooks {
  list(caller: Caller): Promise<readonly Hook[]>;
  create(caller: Caller, given: HookGiven): Promise<Hook>;
  change(id: string | undefined, given: HookGiven): Promise<{ readonly message: string }>;
  remove(id: string | undefined): Promise<{ readonly message: string }>;
}

/** Our own webhooks under mem0's names: one store, one way of delivery. */
export const createHooks = (core: Core, webhooks: Webhooks): Hooks => {
  const projectOf = (caller: Caller): string => ping(core, caller).project_id;
  return {
    list: async (caller) => (await webhooks.list()).map((hook) => toHook(projectOf(caller), hook)),
    create: async (caller, given) => {
      if (given.url === undefined) throw refuse('/url', 'required', '/url is required.');
      const types = readTypes(given.event_types ?? ['memory_add', 'memory_update', 'memory_delete']);
      if (types.length === 0) throw refuse('/event_types', 'minItems', '/event_types must name at least one event.');
      const hook = await webhooks.create(caller.principal, { ...toDraft(given), url: given.url, event_types: types });
      return toHook(projectOf(caller), hook);
    },
    change: async (id, given) => {
      await webhooks.change(readHookId(id), toDraft(given));
      return { message: 'Webhook updated successfully' };
    },
    remove: async (id) => {
      await webhooks.remove(readHookId(id));
      return { message: 'Webhook deleted successfully' };
    },
  };
};

const toDraft = ({ name, url, event_types, is_active }: HookGiven): Partial<WebhookDraft> => ({
  ...(name === undefined ? {} : { name }),
  ...(url === undefined ? {} : { url }),
  ...(event_types === undefined ? {} : { event_types: readTypes(event_types) }),
  ...(is_active === undefined ? {} : { active: is_active }),
});

const readHookId = (id: string | undefined): string => {
  if (id !== undefined && isUuid(id)) return id.toLowerCase();
  throw problem('not_found', 'There is no such webhook.');
};
