import type { UsageMeter } from '../access/usage.js';
import type { Transaction } from '../db/pool.js';
import type { Extraction, Extractor, Fact, Message } from '../extraction/extractor.js';
import { problem } from '../http/errors.js';
import type { ApiResponse } from '../http/route.js';
import { createMemories } from '../memories/batch.js';
import type { Caller, MemoryServiceDeps } from '../memories/service.js';
import type { WriteResult } from '../memories/write-schema.js';
import { type RedactionKind, redactJson } from '../policies/redact.js';
import { ProviderError } from '../providers/provider-error.js';
import { readUserHeader, requireUserId } from '../tenancy/identity.js';
import { requireBudget } from './budget.js';
import { readMessages } from './conversation.js';
import { DOCUMENT_KEY, removeFormer, selectDocument } from './document.js';
import type { Ingest, IngestResult } from './schema.js';

export interface IngestDeps {
  readonly memories: MemoryServiceDeps;
  readonly extractor: Extractor;
  readonly usage: UsageMeter;
  /** Where memories are kept elsewhere. @default in our own tables */
  readonly keep?: KeepElsewhere;
}

/** Keeps the drafts, and tells in the transaction of their event what became of each. */
export type KeepElsewhere = (
  caller: Caller,
  drafts: readonly object[],
  settle: (transaction: Transaction, results: readonly WriteResult[]) => Promise<void>,
) => Promise<readonly WriteResult[]>;

/** Told in the transaction of the memories what will be answered. */
export type Settle = (transaction: Transaction, answer: ApiResponse) => Promise<void>;

export interface IngestOptions {
  readonly jobId?: string | null;
  readonly signal?: AbortSignal;
  /** For the extractor; see there. */
  readonly guidance?: string | undefined;
}

/**
 * What is worth remembering in a conversation becomes memories, in one transaction. What the policy redacts is redacted
 * before anybody else reads it. A provider that fails leaves nothing behind.
 */
export const ingestConversation = async (
  deps: IngestDeps,
  caller: Caller,
  body: Ingest,
  settle: Settle,
  options: IngestOptions = {},
): Promise<IngestResult> => {
  checkAsked(caller, body, deps.keep !== undefined);
  const redactions = new Map<RedactionKind, number>();
  const messages = redactMessages(readMessages(body), deps.memories.policies().policies.redact, redactions);
  const extraction = body.infer === false ? verbatim(messages) : await extract(deps, messages, options);
  const told = {
    redactions: Object.fromEntries(redactions),
    extraction: { provider: deps.extractor.provider, model: deps.extractor.model },
    usage: { tokens: extraction.tokens.input + extraction.tokens.output },
    job_id: options.jobId ?? null,
  };
  if (body.dry_run) {
    return { memory_ids: [], results: [], facts: [...extraction.facts], replaced: 0, held: 0, ...told };
  }
  return store(deps, { ...caller, channel: 'conversation' }, body, extraction.facts, told, settle);
};

/** Before a provider is asked: whoever may not write must not cost anything. */
const checkAsked = ({ principal, headers }: Caller, body: Ingest, elsewhere: boolean): void => {
  if (elsewhere && body.update_mode === 'replace') {
    throw problem('not_supported', 'Whoever keeps the memories of this tenant knows no documents to replace.', {
      errors: [{ pointer: '/update_mode', code: 'not_supported_by_provider', detail: '/update_mode must be append' }],
      remedy: 'Leave update_mode out; GET /api/v1/memory/capabilities says what else there is.',
    });
  }
  if ((body.scope ?? 'user') === 'user')
    requireUserId(principal, { explicit: body.user_id ?? null, header: readUserHeader(headers) });
  if (body.update_mode === 'replace' && body.document_id === undefined) {
    throw problem('invalid_request', 'update_mode replace needs document_id.', {
      errors: [
        { pointer: '/document_id', code: 'required', detail: '/document_id is required with update_mode replace' },
      ],
    });
  }
};

const redactMessages = (
  messages: readonly Message[],
  kinds: readonly RedactionKind[],
  counts: Map<RedactionKind, number>,
): readonly Message[] =>
  messages.map((message) => ({ ...message, content: redactJson(message.content, kinds, counts) }));

const verbatim = (messages: readonly Message[]): Extraction => ({
  facts: messages.map(({ content }, message) => ({
    ...{ content, subject: null, predicate: null, object: null },
    ...{ confidence: 1, importance: 0.5, message },
  })),
  tokens: { input: 0, output: 0 },
});

const extract = async (
  { extractor, usage, memories }: IngestDeps,
  messages: readonly Message[],
  { signal, guidance }: IngestOptions,
): Promise<Extraction> => {
  if (extractor.provider !== 'local') await requireBudget(usage, memories.policies());
  try {
    const extraction = await extractor.extract(messages, signal, guidance);
    usage.add('extraction_tokens_in', extraction.tokens.input);
    usage.add('extraction_tokens_out', extraction.tokens.output);
    return extraction;
  } catch (cause) {
    if (!(cause instanceof ProviderError)) throw cause;
    throw problem('provider_unavailable', cause.message, {
      remedy: `${cause.remedy} Nothing was stored; infer: false stores the messages as they are.`,
      headers: { 'Retry-After': String(cause.retryAfterSeconds ?? 5) },
      cause,
    });
  }
};

type Told = Pick<IngestResult, 'redactions' | 'extraction' | 'usage' | 'job_id'>;

const store = async (
  { memories: deps, keep }: IngestDeps,
  caller: Caller,
  body: Ingest,
  facts: readonly Fact[],
  told: Told,
  settle: Settle,
): Promise<IngestResult> => {
  const drafts = facts.map((fact) => buildDraft(body, fact));
  if (keep) return storeElsewhere(keep, caller, drafts, told, settle);
  const former = body.update_mode === 'replace' ? await selectDocument(deps, caller, body) : [];
  let result: IngestResult = { memory_ids: [], results: [], replaced: 0, held: 0, ...told };
  const options = { onError: 'continue', dedupe: 'exact' } as const;
  await createMemories(deps, caller, drafts, options, async (transaction, _slot, { results }) => {
    const memory_ids = results.flatMap(({ id }) => id ?? []);
    const gone = former.filter((id) => !memory_ids.includes(id));
    result = { ...result, memory_ids, results: [...results], ...(await removeFormer(deps, transaction, caller, gone)) };
    await settle(transaction, { status: 201, body: result });
  });
  return result;
};

const storeElsewhere = async (
  keep: KeepElsewhere,
  caller: Caller,
  drafts: readonly object[],
  told: Told,
  settle: Settle,
): Promise<IngestResult> => {
  const answer = (results: readonly WriteResult[]): IngestResult => {
    const memory_ids = results.flatMap(({ id }) => id ?? []);
    return { memory_ids, results: [...results], replaced: 0, held: 0, ...told };
  };
  const results = await keep(caller, drafts, (transaction, written) =>
    settle(transaction, { status: 201, body: answer(written) }),
  );
  return answer(results);
};

const buildDraft = (body: Ingest, { message: _message, ...fact }: Fact) => {
  const { user_id, agent_id, session_id, app_id, team_id, organization_id, scope, expires_at, document_id, namespace } =
    body;
  const metadata = { ...body.metadata, ...(document_id === undefined ? {} : { [DOCUMENT_KEY]: document_id }) };
  const given = {
    user_id,
    agent_id,
    session_id,
    app_id,
    team_id,
    organization_id,
    scope,
    expires_at,
    metadata,
    namespace,
  };
  return { ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)), ...fact };
};
