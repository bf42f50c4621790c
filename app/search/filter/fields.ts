import { SCOPES, SOURCE_KINDS, STATUSES, TRUST_CLASSES, VECTOR_STATUSES } from '../../memories/schema.js';
import type { EntityKind } from '../../tenancy/people.js';

export const OPERATORS = [
  'eq',
  'ne',
  'in',
  'nin',
  'gt',
  'gte',
  'lt',
  'lte',
  'contains',
  'icontains',
  'exists',
] as const;
export type Operator = (typeof OPERATORS)[number];

/** What the database can say of a field. Of what is sealed it knows tokens at most, and the opened row decides. */
export type Storage =
  | { readonly kind: 'uuid' | 'boolean' | 'time' | 'number' | 'list'; readonly column: string }
  | { readonly kind: 'choice'; readonly column: string; readonly choices: readonly string[] }
  | { readonly kind: 'person' }
  | { readonly kind: 'entity'; readonly column: string; readonly entity: EntityKind }
  /** `token` is the prefix of the term of its exact value; `words` are stored with the row's own. */
  | { readonly kind: 'text'; readonly token: string | null; readonly words: boolean }
  | { readonly kind: 'key' }
  | { readonly kind: 'namespace' }
  | { readonly kind: 'namespacePrefix' }
  /** `clear`: its value is kept in clear beside the seal. */
  | { readonly kind: 'metadata'; readonly clear: boolean };

export interface Field {
  /** As documents have it, with dots: `trust.score`, `metadata.topic`. */
  readonly name: string;
  /** Where it is in the document; of metadata the name within it. */
  readonly path: string;
  readonly storage: Storage;
}

const plain = (name: string, storage: Storage): readonly [string, Field] => [name, { name, path: name, storage }];
const columns = (kind: 'uuid' | 'boolean' | 'time' | 'number' | 'list', names: readonly string[]) =>
  names.map((name) => plain(name, { kind, column: name }));
const choice = (name: string, column: string, choices: readonly string[]) =>
  plain(name, { kind: 'choice', column, choices });
const entity = (kind: EntityKind) => plain(`${kind}_id`, { kind: 'entity', column: `${kind}_ref`, entity: kind });
const text = (name: string, token: string | null, words: boolean) => plain(name, { kind: 'text', token, words });

/** Expiry is a status that comes by itself: a row past its time is expired whether or not the cleaner has been there. */
export const EFFECTIVE_STATUS = 'CASE WHEN status = 0 AND expires_at <= now() THEN 3 ELSE status END';

const FIELDS: ReadonlyMap<string, Field> = new Map([
  ...columns('uuid', ['id', 'superseded_by']),
  plain('user_id', { kind: 'person' }),
  ...(['agent', 'session', 'app', 'team', 'organization'] as const).map(entity),
  choice('scope', 'scope', SCOPES),
  choice('status', EFFECTIVE_STATUS, STATUSES),
  choice('vector_status', 'vector_status', VECTOR_STATUSES),
  choice('source.kind', 'source_kind', SOURCE_KINDS),
  choice('trust.class', 'trust_class', TRUST_CLASSES),
  ...columns('number', ['confidence', 'importance', 'version', 'contradictions']),
  plain('trust.score', { kind: 'number', column: 'trust_score' }),
  ...columns('time', ['created_at', 'updated_at', 'expires_at', 'valid_from', 'valid_to']),
  ...columns('boolean', ['legal_hold']),
  ...columns('list', ['pii']),
  text('content', null, true),
  text('subject', 's=', true),
  text('predicate', 'p=', true),
  text('object', 'o=', true),
  text('source.id', null, false),
  text('source.uri', null, false),
  text('source.role', null, false),
  plain('key', { kind: 'key' }),
  plain('namespace', { kind: 'namespace' }),
  ['namespace_prefix', { name: 'namespace_prefix', path: 'namespace', storage: { kind: 'namespacePrefix' } }],
]);

/** What other clients call the same thing. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ...['userId', 'agentId', 'sessionId', 'appId', 'teamId', 'organizationId', 'createdAt', 'updatedAt', 'expiresAt'].map(
    (name) => [name, name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)] as const,
  ),
  ['run_id', 'session_id'],
  ['runId', 'session_id'],
]);

export const FIELD_NAMES: readonly string[] = [...FIELDS.keys(), 'metadata.<key>'];

export const METADATA_PREFIX = 'metadata.';
export const MAX_KEY_LENGTH = 512;

/** `undefined`: there is no such field. */
export const fieldOf = (name: string, clearMetadata: readonly string[]): Field | undefined => {
  if (!name.startsWith(METADATA_PREFIX)) return FIELDS.get(ALIASES.get(name) ?? name);
  const path = name.slice(METADATA_PREFIX.length);
  if (path === '' || path.length > MAX_KEY_LENGTH) return undefined;
  return { name, path, storage: { kind: 'metadata', clear: clearMetadata.includes(path) } };
};

const EQUALITY: readonly Operator[] = ['eq', 'ne', 'in', 'nin', 'exists'];
const ORDER: readonly Operator[] = ['gt', 'gte', 'lt', 'lte'];
const CONTAINS: readonly Operator[] = ['contains', 'icontains'];

/** What may be asked of a field. */
export const operatorsOf = ({ storage }: Field): readonly Operator[] => {
  switch (storage.kind) {
    case 'number':
    case 'time':
      return [...EQUALITY, ...ORDER];
    case 'text':
      return [...EQUALITY, ...CONTAINS];
    case 'metadata':
      return [...EQUALITY, ...CONTAINS, ...ORDER];
    case 'list':
      return ['contains', 'exists'];
    case 'namespacePrefix':
      return ['eq', 'ne', 'in', 'nin'];
    default:
      return EQUALITY;
  }
};
