import { Type } from '@sinclair/typebox';
import { requirePermission } from '../access/guard.js';
import { type ErrorCode, type FieldError, type Problem, problem } from '../http/errors.js';
import { createMemories } from '../memories/batch.js';
import { deleteMemories } from '../memories/bulk-delete.js';
import { problemAt } from '../memories/plan.js';
import { putMemory } from '../memories/put.js';
import type { Memory } from '../memories/schema.js';
import { NO_WITNESS, UNTOLD } from '../memories/service.js';
import { supersedeMemory } from '../memories/supersede.js';
import { updateMemory } from '../memories/update.js';
import type { WriteResult } from '../memories/write-schema.js';
import { searchMemories } from '../search/search.js';
import { CLOSED, Content, Id, Metadata, Reason, Scope, Time } from './schema.js';
import { nameScopeOwner } from './scope-owner.js';
import { defineTool, type ToolAnswer, type ToolContext } from './tool.js';
import { counted, fence, viewOf } from './view.js';

export const addTool = defineTool({
  name: 'add_memory',
  description:
    'Remember one fact, in a sentence that stands alone. The same text twice stays one memory. key: write or replace what goes by that name. supersedes: id of the memory that this makes outdated.',
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  permission: 'ingest',
  writes: true,
  input: Type.Object(
    {
      content: Type.String(Content),
      scope: Scope,
      metadata: Metadata,
      expires_at: Time,
      supersedes: Type.Optional(Id),
      key: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
    },
    CLOSED,
  ),
  call: async (context, { supersedes, scope, ...fact }) => {
    const { deps, caller } = context;
    const draft = { ...fact, ...(await nameScopeOwner(context, scope)) };
    if (supersedes !== undefined) return supersede(context, supersedes.toLowerCase(), draft);
    if (fact.key !== undefined) return putByKey(context, fact.key, draft);
    const options = { onError: 'continue', dedupe: 'exact' } as const;
    const { results } = await createMemories(deps, caller, [draft], options, NO_WITNESS);
    return tellWritten(results[0]);
  },
});

type Draft = Readonly<Record<string, unknown>>;

const supersede = async ({ deps, caller }: ToolContext, id: string, draft: Draft): Promise<ToolAnswer> => {
  const asked = { draft, evidence: [], reason: null, ifMatch: undefined };
  const { by } = await supersedeMemory(deps, caller, id, asked, UNTOLD);
  return tell(by.id, statusOf(by, 'superseded'), `It takes the place of ${id}.`);
};

const putByKey = async ({ deps, caller }: ToolContext, key: string, draft: Draft): Promise<ToolAnswer> => {
  const options = { createOnly: false, ifMatch: undefined, reason: null };
  const done = await putMemory(deps, caller, { key, namespace: [] }, draft, options);
  if (done.kind === 'dropped') return tellWritten({ index: 0, status: 'dropped', reason: done.reason });
  return tell(done.memory.id, statusOf(done.memory, done.kind === 'created' ? 'created' : 'updated'));
};

const statusOf = ({ status }: Memory, otherwise: string): string =>
  status === 'quarantined' ? 'quarantined' : otherwise;

const tell = (id: string | undefined, status: string, more = ''): ToolAnswer => ({
  structured: { ...(id === undefined ? {} : { id }), status },
  text: `${status}${id === undefined ? '' : ` ${id}`}.${more === '' ? '' : ` ${more}`}${status === 'quarantined' ? WAITS : ''}`,
});
const WAITS = ' It waits for a review and is not found until then.';

const tellWritten = (result: WriteResult | undefined): ToolAnswer => {
  if (result === undefined) throw new Error('A draft was answered with nothing');
  if (result.status === 'rejected') throw rejected(result);
  const told = tell(result.id, result.status);
  if (result.reason === undefined) return told;
  return { structured: { ...told.structured, reason: result.reason }, text: `${told.text} Reason: ${result.reason}.` };
};

const rejected = ({ error }: WriteResult): Problem =>
  problem((error?.code ?? 'invalid_request') as ErrorCode, error?.detail ?? 'The memory was rejected.', {
    errors: (error?.errors ?? []) as readonly FieldError[],
  });

export const updateTool = defineTool({
  name: 'update_memory',
  description:
    'Change what one memory says. metadata is merged, null removes a key. version: only if it still is that one.',
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  permission: 'update',
  writes: true,
  input: Type.Object(
    {
      id: Id,
      content: Type.Optional(Type.String(Content)),
      metadata: Metadata,
      version: Type.Optional(Type.Integer({ minimum: 1 })),
      reason: Reason,
    },
    CLOSED,
  ),
  call: async ({ deps, caller }, { id, version, reason = null, ...patch }) => {
    if (Object.keys(patch).length === 0)
      throw problemAt(
        'invalid_request',
        '/content',
        'Neither content nor metadata is given: there is nothing to change.',
      );
    const ifMatch = version === undefined ? undefined : `"${version}"`;
    const memory = await updateMemory(deps, caller, id.toLowerCase(), patch, { ifMatch, reason });
    return {
      structured: { id: memory.id, version: memory.version },
      text: `${memory.id} has version ${memory.version}.`,
    };
  },
});

const CANDIDATES = 10;

export const forgetTool = defineTool({
  name: 'forget_memories',
  description:
    'Delete memories by ids. With a query nothing is deleted: it returns candidates; show them to the user and call again with the ids that they confirm.',
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  permission: 'delete',
  writes: true,
  input: Type.Object(
    {
      ids: Type.Optional(Type.Array(Id, { minItems: 1, maxItems: 20 })),
      query: Type.Optional(Type.String({ minLength: 1, maxLength: 1000 })),
      reason: Reason,
    },
    CLOSED,
  ),
  call: async (context, { ids, query, reason = null }) => {
    if ((ids === undefined) === (query === undefined))
      throw problemAt('invalid_request', '/ids', 'Give either ids, to delete, or query, to find candidates.');
    if (query !== undefined) return findCandidates(context, query);
    const { deps, caller } = context;
    const done = await deleteMemories(deps, caller, { ids, dryRun: false, max: 20, reason });
    const asked = new Set(ids?.map((id) => id.toLowerCase())).size;
    const missing = asked - done.matched;
    const rest = [
      ...(done.held > 0 ? [`${done.held} held by a legal hold and left alone`] : []),
      ...(missing > 0 ? [`${missing} not found`] : []),
    ];
    return {
      structured: { deleted: done.deleted, held: done.held, ...(missing > 0 ? { missing } : {}) },
      text: `${[`${counted(done.deleted, 'memory', 'memories')} deleted`, ...rest].join(', ')}.`,
    };
  },
});

const findCandidates = async ({ deps, caller }: ToolContext, query: string): Promise<ToolAnswer> => {
  requirePermission(caller.principal, 'retrieve');
  const { results } = await searchMemories(deps, caller, { query, limit: CANDIDATES });
  const candidates = results.map(viewOf);
  return {
    structured: { deleted: 0, held: 0, candidates },
    text: `Nothing was deleted. ${counted(candidates.length, 'candidate', 'candidates')} to confirm by ids.${fence(candidates)}`,
  };
};
