import { requireIn } from '../access/scoped.js';
import { inRetriedTransaction, type Transaction } from '../db/pool.js';
import { type Problem, problem } from '../http/errors.js';
import { checkMembership } from './admit.js';
import { applyChange, trustAfter } from './change.js';
import { recountContradictions } from './facts.js';
import { openState } from './history-record.js';
import type { MemoryKey } from './key.js';
import { planReplacement } from './patch.js';
import { type DroppedDraft, type PlannedDraft, problemAt } from './plan.js';
import { prepareRows } from './prepare.js';
import { type MemoryRow, VECTOR_PENDING } from './rows.js';
import { type Memory, scopeOf } from './schema.js';
import {
  type Caller,
  countRefusals,
  countRejected,
  type MemoryServiceDeps,
  observeDropped,
  planChecked,
  planContext,
  readBack,
  writeContext,
} from './service.js';
import { lockMemory, selectIdByKey } from './store.js';
import { recordWritten } from './told.js';
import { type ChangeOptions, checkChangeable, missing } from './version.js';
import { EVERYTHING } from './viewer.js';
import { writeRows } from './write.js';
import type { PreparedRow, WriteContext } from './write-context.js';

export interface PutOptions extends ChangeOptions {
  /** If-None-Match: * */
  readonly createOnly: boolean;
}

export type Put = { readonly kind: 'created' | 'replaced'; readonly memory: Memory } | DroppedDraft;

const ATTEMPTS = 3;

/** Writes the memory of this key, or puts the draft in place of what it says: its identity and its history stay. */
export const putMemory = (
  deps: MemoryServiceDeps,
  caller: Caller,
  key: MemoryKey,
  body: unknown,
  options: PutOptions,
): Promise<Put> => countRejected(deps, 1, putOne(deps, caller, key, body, options));

const putOne = async (
  deps: MemoryServiceDeps,
  caller: Caller,
  key: MemoryKey,
  body: unknown,
  options: PutOptions,
): Promise<Put> => {
  const now = new Date();
  const planned = planChecked(deps, planContext(deps, caller, now), nameDraft(body, key));
  if (planned.kind === 'dropped') {
    deps.metrics.ingested('dropped', 1);
    await observeDropped(deps, [planned]);
    return planned;
  }
  const context = writeContext(deps, caller, now);
  const [prepared] = await prepareRows(context, [planned]);
  const token = prepared?.row.key_token;
  if (!prepared || !token) throw new Error('A draft with a key was prepared without one');
  // Before anything is looked up: whether there is such a memory is for its team to know.
  checkMembership(caller.principal, prepared.row);
  for (let attempt = 1; ; attempt++) {
    const id = await selectIdByKey(deps.db, token);
    const done = id
      ? await replace(deps, caller, id, { planned, prepared }, options)
      : await create(deps, context, { planned, prepared }, options);
    if ('kind' in done) return done;
    // Somebody else wrote or deleted the memory of this key between our look and our write: looking again decides.
    if (attempt === ATTEMPTS || options.createOnly) throw done;
  }
};

/** The path says which memory; a body that says something else is a mistake to be told. */
const nameDraft = (body: unknown, { key, namespace }: MemoryKey): unknown => {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  const named = body as { readonly key?: unknown; readonly namespace?: unknown };
  if (named.key !== undefined && named.key !== key) {
    throw problemAt('invalid_request', '/key', 'The key of the body is not the key of the path.');
  }
  if (named.namespace !== undefined && JSON.stringify(named.namespace) !== JSON.stringify(namespace)) {
    throw problemAt('invalid_request', '/namespace', 'The namespace of the body is not the one of the query.');
  }
  return { ...body, key, namespace };
};

interface Named {
  readonly planned: PlannedDraft;
  readonly prepared: PreparedRow;
}

const create = async (
  deps: MemoryServiceDeps,
  context: WriteContext,
  { planned, prepared }: Named,
  { ifMatch }: PutOptions,
): Promise<Put | Problem> => {
  if (ifMatch !== undefined) throw problem('version_mismatch', 'There is no memory of this key yet.');
  const written = await countRefusals(deps, () =>
    writeRows(context, [prepared], true, async (transaction, [outcome]): Promise<Memory | Problem> => {
      if (outcome?.kind === 'refused' && outcome.problem.code !== 'key_exists') throw outcome.problem;
      return outcome?.kind === 'refused' ? outcome.problem : readBack(deps, transaction, planned.id);
    }),
  );
  if ('code' in written) return written;
  deps.metrics.ingested('created', 1);
  if (!planned.vector) deps.onPending();
  return { kind: 'created', memory: written };
};

/** A problem when it is gone by now. */
const replace = async (
  deps: MemoryServiceDeps,
  caller: Caller,
  id: string,
  { prepared }: Named,
  options: PutOptions,
): Promise<Put | Problem> => {
  if (options.createOnly)
    throw problem('key_exists', 'There is a memory of this key already.', {
      remedy: 'Send it without If-None-Match to replace what it says, or choose another key.',
      errors: [{ pointer: '/path/key', code: 'key_exists', detail: '/path/key is in use in this namespace' }],
    });
  const row = await inRetriedTransaction(deps.db, async (transaction) => {
    const locked = await lockMemory(transaction, EVERYTHING, id);
    return locked && replaceLocked(deps, transaction, caller, locked, prepared, options);
  });
  if (!row) return missing(id);
  if (row.vector_status === VECTOR_PENDING) deps.onPending();
  const [memory] = await deps.presenter.present(deps.db, [row], { vector: false });
  if (!memory) throw missing(id);
  return { kind: 'replaced', memory };
};

/** In the transaction that holds the row: the draft in place of what it says. */
export const replaceLocked = async (
  deps: MemoryServiceDeps,
  transaction: Transaction,
  caller: Caller,
  row: MemoryRow,
  prepared: PreparedRow,
  { ifMatch, reason }: ChangeOptions,
): Promise<MemoryRow> => {
  requireIn(caller.principal, 'update', scopeOf(row));
  await checkChangeable(deps, transaction, row, ifMatch);
  checkIdentity(row, prepared.planned, prepared);
  const planned = planReplacement(openState(deps.vault, row), prepared.planned, trustAfter(row, caller));
  const deed = { actor: caller.principal.keyId, at: new Date(), reason, auditEvent: deps.newId() };
  const changed = await applyChange(deps, transaction, row, planned, { caller, deed });
  if (!changed.commit) return changed.row;
  await recountContradictions(transaction, [row, changed.row]);
  await recordWritten(deps, transaction, deed, 'replaced', [changed]);
  return changed.row;
};

/** What a draft says of identity must be so already; what it leaves out stays. */
const checkIdentity = (row: MemoryRow, { draft }: PlannedDraft, { row: asked }: PreparedRow): void => {
  const differs = (name: 'agent_ref' | 'session_ref' | 'app_ref' | 'team_ref' | 'organization_ref'): boolean =>
    asked[name] !== null && asked[name] !== row[name];
  const pointers = [
    ...(draft.id !== undefined && draft.id.toLowerCase() !== row.id ? ['/id'] : []),
    ...(differs('agent_ref') ? ['/agent_id'] : []),
    ...(differs('session_ref') ? ['/session_id'] : []),
    ...(differs('app_ref') ? ['/app_id'] : []),
    ...(differs('team_ref') ? ['/team_id'] : []),
    ...(differs('organization_ref') ? ['/organization_id'] : []),
  ];
  if (pointers.length === 0) return;
  throw problem('immutable_field', `The memory of this key has another ${pointers.join(', ')}.`, {
    errors: pointers.map((pointer) => ({ pointer, code: 'immutable_field', detail: `${pointer} cannot be changed` })),
  });
};
