import type { Core } from '../core.js';
import { inTransaction } from '../db/pool.js';
import { problem } from '../http/errors.js';
import type { Json } from '../http/json.js';
import { prefersAsync } from '../http/prefer.js';
import { type ApiRequest, type ApiResponse, defineRoute, type Route } from '../http/route.js';
import { JobSchema } from '../jobs/routes.js';
import type { Caller, MemoryServiceDeps } from '../memories/service.js';
import { readUserHeader, resolveUserId } from '../tenancy/identity.js';
import { MEDIA_TYPE } from './format.js';
import { type ImportOptions, type ImportResult, importFile } from './import.js';
import { type ImportQuery, ImportQuerySchema, ImportResultSchema } from './import-schema.js';
import { parseDocument, parseLines } from './parse.js';
import { openPartWriter } from './parts.js';

export const IMPORT_JOB = 'import';
const TENANT_SLOT = 0;
const JSON_TYPE = 'application/json';

export const importRoutes = (core: Core, deps: MemoryServiceDeps): readonly Route[] => [
  defineRoute({
    ...{ method: 'POST', path: '/api/v1/import', operation: 'importMemories', permission: 'import', writes: true },
    summary: 'Memories as they were elsewhere: an export of ours, lines of memories, or what mem0 lists',
    idempotencyKey: 'honoured',
    query: ImportQuerySchema,
    rawBody: [MEDIA_TYPE, JSON_TYPE],
    responses: { 200: ImportResultSchema, 202: JobSchema },
    handle: (request) => {
      const asked = request as unknown as ApiRequest<ImportQuery, Buffer>;
      if (asked.body.length === 0) throw empty();
      return prefersAsync(asked.headers) ? later(core, asked) : now(deps, asked);
    },
  }),
];

const empty = () =>
  problem('invalid_request', 'There is nothing to import.', {
    errors: [{ pointer: '', code: 'required', detail: 'the body is empty' }],
  });

const isDocument = ({ headers }: Pick<ApiRequest<unknown, unknown>, 'headers'>): boolean =>
  (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() === JSON_TYPE;

const now = async (deps: MemoryServiceDeps, request: ApiRequest<ImportQuery, Buffer>): Promise<ApiResponse> => {
  const { principal, headers, body, query } = request;
  const input = { ...query, document: isDocument(request) };
  return { status: 200, body: await runImport(deps, { principal, headers }, body, input) };
};

export type ImportInput = ImportQuery & { readonly document: boolean };

export const runImport = async (
  deps: MemoryServiceDeps,
  caller: Caller,
  bytes: Buffer,
  { document, on_conflict: onConflict = 'skip', dry_run: dryRun = false, verify = true, signer }: ImportInput,
  more: Pick<ImportOptions, 'progress' | 'newId'> = {},
): Promise<ImportResult> => {
  const parse = document ? parseDocument : parseLines;
  const file = parse(bytes, { verify, signer });
  const result = await importFile(deps, caller, file, {
    ...{ onConflict, dryRun },
    ...more,
  });
  const { created, skipped, overwritten, failed, verified } = result;
  await deps.audit.record(deps.db, {
    type: 'data.import',
    code: dryRun ? 'dry_run' : onConflict,
    outcome: failed > 0 ? 'error' : 'ok',
    detail: { created, skipped, overwritten, failed, verified },
  });
  return result;
};

/** The file waits sealed, for whichever replica does it. */
const later = async (core: Core, request: ApiRequest<ImportQuery, Buffer>): Promise<ApiResponse> => {
  const { principal, headers, body, query, remember } = request;
  const userId = resolveUserId(principal, { explicit: null, header: readUserHeader(headers) });
  const transfer = core.newId();
  return inTransaction(core.db, async (transaction) => {
    const owner = { slot: TENANT_SLOT, userRef: principal.userRef };
    const file = await openPartWriter(transaction, core.vault, transfer, owner);
    // Bytes that are no UTF-8 are refused when they are read, so they must come out as they went in.
    await file.write(body.toString('latin1'));
    await file.end();
    const input = { transfer, userId, asked: { ...query, document: isDocument(request) } } as unknown as Json;
    const job = await core.jobs.enqueue(transaction, { kind: IMPORT_JOB, principal, ...owner, input });
    const answer = { status: 202, body: job, headers: { Location: `/api/v1/jobs/${job.id}` } };
    await remember(transaction, TENANT_SLOT, answer);
    return answer;
  });
};
