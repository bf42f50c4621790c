import { isObject, type Json, type JsonObject } from '../http/json.js';
import { isUuid } from '../http/validate.js';

/** A memory as mem0 lists it, hosted or self-hosted. */
export const isMem0 = (value: JsonObject): boolean => typeof value.memory === 'string' && !('content' in value);

const DATE = /^\d{4}-\d{2}-\d{2}$/;
/** Python's isoformat of a time without a zone, which is in UTC there. */
const WITHOUT_ZONE = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?$/;

/** What has no place of its own here goes into the metadata; what is null or mem0's own accounting is left out. */
export const fromMem0 = (value: JsonObject): JsonObject => {
  const { memory, id, user_id, agent_id, app_id, run_id, session_id, created_at, updated_at, expiration_date } = value;
  const categories = Array.isArray(value.categories) && value.categories.length > 0 ? value.categories : undefined;
  const own = isObject(value.metadata) ? value.metadata : {};
  const metadata = categories ? { categories, ...own } : own;
  return clean({
    content: memory ?? null,
    id: typeof id === 'string' && isUuid(id) ? id : null,
    ...{ user_id: user_id ?? null, agent_id: agent_id ?? null, app_id: app_id ?? null },
    session_id: session_id ?? run_id ?? null,
    metadata: typeof id === 'string' && !isUuid(id) ? { mem0_id: id, ...metadata } : metadata,
    created_at: withZone(created_at),
    updated_at: withZone(updated_at),
    // Up to and with that day.
    expires_at:
      typeof expiration_date === 'string' && DATE.test(expiration_date)
        ? `${expiration_date}T23:59:59Z`
        : (expiration_date ?? null),
  });
};

const withZone = (time: Json | undefined): Json =>
  typeof time === 'string' && WITHOUT_ZONE.test(time) ? `${time.replace(' ', 'T')}Z` : (time ?? null);

const clean = (value: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(value).filter(([, item]) => item !== null));
