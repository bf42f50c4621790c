import { type Static, Type } from '@sinclair/typebox';
import type { Core } from '../core.js';
import type { Queryable } from '../db/pool.js';
import { type ErrorCode, problem } from '../http/errors.js';
import { compileCheck, requireValid } from '../http/validate.js';
import { type IngestDeps, ingestConversation, type Settle } from '../ingest/ingest.js';
import { type Ingest, type IngestResult, MessageSchema } from '../ingest/schema.js';
import type { Caller } from '../memories/service.js';
import { selectVisible } from '../memories/store.js';
import { EVERYTHING } from '../memories/viewer.js';
import type { WriteResult } from '../memories/write-schema.js';
import { readProject } from './account.js';
import { boundUser, entityRequired, type Names, OWNERLESS, ownerOf, refuse } from './entity.js';
import { recordNothing } from './events.js';
import { readExpiration } from './shape.js';

export interface Mem0Deps {
  readonly core: Core;
  readonly ingest: IngestDeps;
}

export interface Adding {
  readonly messages?: unknown;
  readonly names: Names;
  readonly metadata?: Readonly<Record<string, unknown>> | null;
  readonly infer?: boolean | null;
  readonly expiration_date?: string | null;
  /** Of this request; the project's otherwise. */
  readonly custom_instructions?: string | null;
  /** Seconds since 1970: when it was said. */
  readonly timestamp?: unknown;
}

export const AddedSchema = Type.Object({
  id: Type.String(),
  event: Type.Unsafe<'ADD' | 'UPDATE' | 'DELETE' | 'NOOP'>({
    type: 'string',
    enum: ['ADD', 'UPDATE', 'DELETE', 'NOOP'],
  }),
  memory: Type.String(),
  data: Type.Object({ memory: Type.String() }),
  reason: Type.Optional(Type.String()),
});
export type Added = Static<typeof AddedSchema>;

export interface AddOutcome {
  readonly results: readonly Added[];
  readonly event_id: string;
  /** Of what was found, what could not be stored, and why. */
  readonly refused: readonly string[];
}

/** Told in the transaction of the memories, so that a request that is sent again gets its answer. */
export type Told = (db: Queryable, outcome: AddOutcome) => Promise<void>;

export const addMemories = async (deps: Mem0Deps, caller: Caller, adding: Adding, told: Told): Promise<AddOutcome> => {
  const body = buildIngest(caller, adding);
  const guidance = await readGuidance(deps, adding);
  let outcome: AddOutcome | undefined;
  const settle: Settle = async (transaction, answer) => {
    const results = (answer.body as IngestResult).results;
    if (results.length > 0 && results.every(({ status }) => status === 'rejected')) return;
    outcome = await readOutcome(deps, transaction, caller, answer.body as IngestResult);
    await told(transaction, outcome);
  };
  const ingested = await ingestConversation(deps.ingest, caller, body, settle, { guidance });
  return outcome ?? readOutcome(deps, deps.core.db, caller, ingested);
};

const readOutcome = async (
  deps: Mem0Deps,
  db: Queryable,
  caller: Caller,
  ingested: IngestResult,
): Promise<AddOutcome> => {
  const results = ingested.results as readonly WriteResult[];
  const refused = results.filter(({ status }) => status === 'rejected');
  const stored = results.filter(({ id }) => id !== undefined);
  if (refused[0] && stored.length === 0) throw whyRefused(refused[0]);
  const { added, event } = await describe(deps, db, stored);
  return {
    results: added,
    event_id: event ?? (await recordNothing(deps.core, caller, 'add', db)),
    refused: refused.map(({ error }) => error?.detail ?? 'not acceptable'),
  };
};

/** Rules heed none, so they cost no look. */
const readGuidance = async ({ core, ingest }: Mem0Deps, adding: Adding): Promise<string | undefined> => {
  if (ingest.extractor.provider === 'local' || adding.infer === false) return undefined;
  return adding.custom_instructions ?? (await readProject(core)).custom_instructions ?? undefined;
};

const buildIngest = (caller: Caller, { names, metadata, infer, expiration_date, ...said }: Adding): Ingest => {
  const messages = readMessages(said.messages, said.timestamp, infer !== false);
  const expires = readExpiration(expiration_date);
  if (Object.keys(names).length === 0 && boundUser(caller) === null) throw entityRequired();
  const nobody = names.user_id === undefined && boundUser(caller) === null;
  return {
    messages,
    ...names,
    ...(nobody ? { user_id: ownerOf(names), namespace: [OWNERLESS] } : {}),
    ...(metadata ? { metadata } : {}),
    ...(expires ? { expires_at: expires } : {}),
    ...(infer === false ? { infer } : {}),
  };
};

const checkMessages = compileCheck(
  Type.Object({ messages: Type.Array(MessageSchema, { minItems: 1, maxItems: 1000 }) }),
);
const ROLES: Readonly<Record<string, string>> = { developer: 'system', function: 'tool' };

/** A text alone is what the user said. Of a message what is not said in words is refused rather than lost. */
const readMessages = (given: unknown, timestamp: unknown, infers: boolean): NonNullable<Ingest['messages']> => {
  const list = typeof given === 'string' ? [{ role: 'user', content: given }] : given;
  if (!Array.isArray(list)) throw refuse('/messages', 'type', '/messages must be a list of messages, or a text.');
  const at = readTimestamp(timestamp);
  const someSaySomething = list.some(
    (message) => !isBlank((message as { readonly content?: unknown } | null)?.content),
  );
  const messages = list.flatMap((message: unknown, index) => {
    const { role = 'user', content = null, name } = (message ?? {}) as Readonly<Record<string, unknown>>;
    // An assistant that calls a tool says nothing; instructions are nothing to remember word by word.
    if (content === null || (role === 'system' && !infers)) return [];
    if (someSaySomething && isBlank(content)) return [];
    const known = typeof role === 'string' ? (ROLES[role] ?? role) : role;
    return [
      {
        role: known,
        content: readContent(content, index),
        ...(typeof name === 'string' && name !== '' ? { name } : {}),
        ...at,
      },
    ];
  });
  return requireValid(checkMessages, { messages }, 'The request').messages;
};

const isBlank = (content: unknown): boolean => typeof content === 'string' && content.trim() === '';

const readContent = (content: unknown, index: number): unknown => {
  const parts = Array.isArray(content) ? content : typeof content === 'object' ? [content] : undefined;
  if (parts === undefined) return content;
  const texts = parts.map((part: unknown) => (part as { readonly text?: unknown } | null)?.text);
  if (texts.every((text) => typeof text === 'string')) return texts.join('\n');
  const pointer = `/messages/${index}/content`;
  throw refuse(pointer, 'multimodal', `${pointer} holds something else than text: describe it in words.`);
};

/** Within what a date can be. */
const LATEST = 253_402_300_799;

const readTimestamp = (timestamp: unknown): { readonly at?: string } => {
  if (timestamp === undefined || timestamp === null) return {};
  if (typeof timestamp === 'number' && timestamp >= 0 && timestamp <= LATEST) {
    return { at: new Date(timestamp * 1000).toISOString() };
  }
  throw refuse('/timestamp', 'timestamp', '/timestamp must be the seconds since 1970.');
};

const whyRefused = ({ error }: WriteResult) =>
  problem((error?.code ?? 'invalid_request') as ErrorCode, error?.detail ?? 'The memories are not acceptable.', {
    errors: [...((error?.errors ?? []) as readonly { pointer: string; code: string; detail: string }[])],
  });

const EVENTS: Readonly<Record<string, Added['event']>> = {
  created: 'ADD',
  updated: 'UPDATE',
  merged: 'UPDATE',
  superseded: 'UPDATE',
};

/** What was stored, in the words that are stored; and the event of the log that tells of it. */
const describe = async (
  { core: { memories } }: Mem0Deps,
  db: Queryable,
  stored: readonly WriteResult[],
): Promise<{ readonly added: readonly Added[]; readonly event: string | null }> => {
  const rows = await selectVisible(
    db,
    EVERYTHING,
    stored.flatMap(({ id }) => id ?? []),
  );
  const shown = await memories.presenter.present(db, rows, { vector: false });
  const contents = new Map(shown.map(({ id, content }) => [id, content]));
  const added = stored.flatMap(({ id = '', status, reason }): readonly Added[] => {
    const memory = contents.get(id);
    if (memory === undefined) return [];
    return [{ id, event: EVENTS[status] ?? 'NOOP', memory, data: { memory }, ...(reason ? { reason } : {}) }];
  });
  const written = stored.find(({ status }) => status !== 'duplicate');
  return { added, event: rows.find(({ id }) => id === written?.id)?.audit_event ?? null };
};
