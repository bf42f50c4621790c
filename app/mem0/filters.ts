import { problem } from '../http/errors.js';
import { isRecord } from '../http/json.js';
import type { Caller } from '../memories/service.js';
import { boundUser, entityRequired, FIELDS, type Names, OWNERLESS } from './entity.js';

type Filter = Readonly<Record<string, unknown>>;

/** What a request asks for, in our own language of filters. */
export interface Asked {
  readonly filters: Filter;
  /** On whose behalf, when it is about one person. */
  readonly user_id: string | undefined;
}

export interface Asking {
  readonly filters?: unknown;
  readonly names: Names;
  /** What the request says beside its filters. */
  readonly also?: readonly Filter[];
  /** mem0's own server takes a name that it does not know for one of the metadata. @default false */
  readonly freeKeys?: boolean;
}

/** What mem0 calls by another name. Those of entities are known to our filters in both spellings. */
const RENAMED: Readonly<Record<string, string>> = {
  memory: 'content',
  text: 'content',
  keywords: 'content',
  categories: 'metadata.categories',
  timestamp: 'created_at',
  expiration_date: 'expires_at',
  memory_ids: 'id',
};
const ENTITY_KEYS = new Set(
  [...Object.values(FIELDS), 'run_id'].flatMap((name) => [name, name.replace('_id', 'Id')] as const),
);
const USER_KEYS = new Set(['user_id', 'userId']);
const OWN_KEYS =
  /^(id|key|namespace|scope|status|metadata(\..+)?|(created|updated)(_at|At)|expires(_at|At)|valid_(from|to)|confidence|importance|content|subject|predicate|object)$/;

/** Whom a request may reach, and what of it is wanted. Throws when it names no entity, or somebody whom the key is not. */
export const resolveAsked = (caller: Caller, asking: Asking): Asked => {
  const { filters, names, also = [], freeKeys = false } = asking;
  const own = isRecord(filters) ? translate(filters, freeKeys) : (filters ?? {});
  if (!isRecord(own)) throw notAnObject();
  const merged = merge([own, ...Object.entries(names).flatMap(([key, value]) => member(key, value, false)), ...also]);
  const bound = boundUser(caller);
  checkUsers(caller, merged);
  const user = caller.principal.userId ?? topUser(merged) ?? bound ?? undefined;
  if (namesEntity(merged)) return { filters: merged, user_id: user };
  if (bound === null) throw entityRequired();
  return { filters: merge([merged, { user_id: bound }]), user_id: bound };
};

const notAnObject = () =>
  problem('invalid_filter', '/filters must be an object.', {
    remedy: 'Send filters as {"user_id": "…"}, or with AND, OR and NOT.',
    errors: [{ pointer: '/filters', code: 'invalid_filter', detail: '/filters must be an object' }],
  });

const translate = (filter: Filter, freeKeys: boolean): Filter =>
  merge(Object.entries(filter).flatMap(([key, value]) => member(key, value, freeKeys)));

const member = (key: string, value: unknown, freeKeys: boolean): readonly Filter[] => {
  if (['AND', 'OR', 'NOT'].includes(key)) {
    const inner = (item: unknown): unknown => (isRecord(item) ? translate(item, freeKeys) : item);
    return [{ [key]: Array.isArray(value) ? value.map(inner) : inner(value) }];
  }
  // An agent's own memories have an owner too, who is no user.
  if (USER_KEYS.has(key) && value === '*') return [{ user_id: '*' }, { NOT: { namespace: OWNERLESS } }];
  const name = RENAMED[key] ?? key;
  if (name === 'id' && Array.isArray(value)) return [{ id: { in: value } }];
  const known = ENTITY_KEYS.has(name) || OWN_KEYS.test(name);
  return [{ [known || !freeKeys ? name : `metadata.${name}`]: value }];
};

/** One object of all, so that what is said of a filter names its place as it was sent; what collides goes under AND. */
export const merge = (filters: readonly Filter[]): Filter => {
  const merged: Record<string, unknown> = {};
  const more: Filter[] = [];
  for (const [key, value] of filters.flatMap((filter) => Object.entries(filter))) {
    if (!(key in merged)) merged[key] = value;
    else if (JSON.stringify(merged[key]) !== JSON.stringify(value)) more.push({ [key]: value });
  }
  if (more.length === 0) return merged;
  return { ...merged, AND: [...(Array.isArray(merged.AND) ? merged.AND : []), ...more] };
};

const walk = (filter: unknown): readonly (readonly [string, unknown])[] => {
  if (Array.isArray(filter)) return filter.flatMap(walk);
  if (!isRecord(filter)) return [];
  return Object.entries(filter).flatMap(([key, value]) =>
    ['AND', 'OR', 'NOT'].includes(key) ? walk(value) : [[key, value] as const],
  );
};

const namesEntity = (filter: Filter): boolean => walk(filter).some(([key]) => ENTITY_KEYS.has(key));

/** A key that belongs to a person names nobody else, wherever in the filter. */
const checkUsers = ({ principal }: Caller, filter: Filter): void => {
  if (principal.userId === null) return;
  const named = walk(filter).flatMap(([key, value]) => (USER_KEYS.has(key) ? textsOf(value) : []));
  if (named.every((name) => name === principal.userId || name === '*')) return;
  throw problem('identity_mismatch', 'The filter names a user that this key does not belong to.', {
    errors: [{ pointer: '/filters/user_id', code: 'identity_mismatch', detail: 'names somebody else' }],
  });
};

const textsOf = (value: unknown): readonly string[] => {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(textsOf);
  return isRecord(value) ? Object.values(value).flatMap(textsOf) : [];
};

/** The one person whom the whole filter is about: said at its top, or in what all must hold. */
const topUser = (filter: Filter): string | undefined => {
  const named = [filter, ...(Array.isArray(filter.AND) ? filter.AND : [])].flatMap((part) => {
    const value = isRecord(part) ? (part.user_id ?? part.userId) : undefined;
    const plain = isRecord(value) && Object.keys(value).length === 1 ? value.eq : value;
    return typeof plain === 'string' && plain !== '*' ? [plain] : [];
  });
  return named[0];
};
