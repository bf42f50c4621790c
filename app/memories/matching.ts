import type { Transaction } from '../db/pool.js';
import { problem } from '../http/errors.js';
import type { Json } from '../http/json.js';
import type { Matched, WriteOutcome } from './admit.js';
import { applyChange, openBefore } from './change.js';
import { recountContradictions } from './facts.js';
import { openState } from './history-record.js';
import { partitionOf } from './partition-of.js';
import { replaceLocked } from './put.js';
import type { MemoryRow } from './rows.js';
import { saysTheSame } from './same-statement.js';
import type { Caller, MemoryServiceDeps } from './service.js';
import { lockMemory, selectIdsByKey, selectSameContents } from './store.js';
import { lockStripes } from './stripes.js';
import { recordWritten } from './told.js';
import { planFor } from './update.js';
import { checkChangeable } from './version.js';
import { EVERYTHING } from './viewer.js';
import type { Matching } from './write.js';
import type { PreparedRow } from './write-context.js';
import type { Dedupe } from './write-schema.js';

/** What is near in meaning to a draft, best first: memories by id, and drafts of the same batch before it. */
export interface Neighbours {
  readonly ids: readonly string[];
  readonly earlier: readonly PreparedRow[];
}
/** Looked up before the transaction. */
export type Near = ReadonlyMap<PreparedRow, Neighbours>;

/** In a batch a key means "this memory", so a draft whose key is in use takes its place; the same words are no second memory. */
export const createMatching = (deps: MemoryServiceDeps, caller: Caller, dedupe: Dedupe, near: Near): Matching => ({
  concerns: (rows) => dedupe !== 'off' || rows.some(({ row }) => row.key_token !== null),
  find: async (transaction, rows) => {
    const matched = await matchKeys(transaction, rows);
    if (dedupe === 'off') return matched;
    await matchContents(deps, transaction, rows, matched);
    for (const [row, neighbours] of near) {
      const id = matched.has(row) ? undefined : await findSame(deps, transaction, row, neighbours, matched);
      if (id !== undefined) matched.set(row, { as: 'merged', id });
    }
    return matched;
  },
  apply: async (transaction, prepared, matched) => {
    if (matched.as === 'duplicate') return { kind: 'matched', matched };
    const row = await lockMemory(transaction, EVERYTHING, matched.id);
    if (!row)
      return { kind: 'refused', problem: problem('not_found', `The memory ${matched.id} was deleted meanwhile.`) };
    return matched.as === 'updated'
      ? updateByKey(deps, transaction, caller, row, prepared)
      : mergeInto(deps, transaction, caller, row, prepared);
  },
});

const matchKeys = async (
  transaction: Transaction,
  rows: readonly PreparedRow[],
): Promise<Map<PreparedRow, Matched>> => {
  const ids = await selectIdsByKey(
    transaction,
    rows.flatMap(({ row }) => row.key_token ?? []),
  );
  return new Map(
    rows.flatMap((prepared) => {
      const id = ids.get(prepared.row.key_token?.toString('hex') ?? '');
      return id === undefined ? [] : [[prepared, { as: 'updated', id } as const]];
    }),
  );
};

/** Under a lock of the contents until the transaction ends: of two writers of the same words, the second must see the first. */
const matchContents = async (
  { marks }: MemoryServiceDeps,
  transaction: Transaction,
  rows: readonly PreparedRow[],
  matched: Map<PreparedRow, Matched>,
): Promise<void> => {
  const hashes = rows.map(({ row }) => row.content_hash);
  await lockStripes(transaction, 'content', hashes);
  const same = marks.genuine(await selectSameContents(transaction, hashes));
  const known = new Map(same.map((row) => [wordsOf(row), row.id]));
  for (const prepared of rows) {
    if (matched.has(prepared)) continue;
    const words = wordsOf(prepared.row);
    const id = known.get(words);
    if (id === undefined) known.set(words, prepared.row.id);
    else matched.set(prepared, { as: 'duplicate', id });
  }
};

type Worded = Pick<MemoryRow, 'scope' | 'user_ref' | 'team_ref' | 'organization_ref' | 'content_hash'>;

/** The same words of another owner, or in another scope, are another memory. */
const wordsOf = (row: Worded): string => `${row.scope} ${partitionOf(row)} ${row.content_hash.toString('hex')}`;

/** Of what is near, what says the same: of the memories as they are now, then of the drafts that will be written. */
const findSame = async (
  { vault, marks }: MemoryServiceDeps,
  transaction: Transaction,
  { row, planned }: PreparedRow,
  { ids, earlier }: Neighbours,
  matched: ReadonlyMap<PreparedRow, Matched>,
): Promise<string | undefined> => {
  const { rows } = await transaction.query<MemoryRow>(
    `SELECT * FROM memories WHERE id = ANY ($1::uuid[]) AND status = 0 AND (expires_at IS NULL OR expires_at > now())
     ORDER BY array_position($1::uuid[], id)`,
    [ids],
  );
  const same = marks
    .genuine(rows)
    .find(
      (known) =>
        known.scope === row.scope &&
        partitionOf(known) === partitionOf(row) &&
        saysTheSame(openState(vault, known), planned.content),
    );
  const draft = earlier.find((other) => !matched.has(other) && saysTheSame(other.planned.content, planned.content));
  return same?.id ?? draft?.row.id;
};

const updateByKey = async (
  deps: MemoryServiceDeps,
  transaction: Transaction,
  caller: Caller,
  row: MemoryRow,
  prepared: PreparedRow,
): Promise<WriteOutcome> => {
  await replaceLocked(deps, transaction, caller, row, prepared, { ifMatch: undefined, reason: null });
  return { kind: 'matched', matched: { as: 'updated', id: row.id } };
};

/** What stands stays; what the draft knows besides is added. A draft that knows nothing besides is a duplicate. */
const mergeInto = async (
  deps: MemoryServiceDeps,
  transaction: Transaction,
  caller: Caller,
  row: MemoryRow,
  prepared: PreparedRow,
): Promise<WriteOutcome> => {
  await checkChangeable(deps, transaction, row, undefined);
  const planned = planFor(deps, caller, row, additionsOf(openBefore(deps, row), prepared));
  const reason = 'merged with a draft of nearly the same meaning';
  const deed = { actor: caller.principal.keyId, at: new Date(), reason, auditEvent: deps.newId() };
  const changed = await applyChange(deps, transaction, row, planned, { caller, deed });
  if (!changed.commit) return { kind: 'matched', matched: { as: 'duplicate', id: row.id } };
  await recountContradictions(transaction, [row, changed.row]);
  await recordWritten(deps, transaction, deed, 'merged', [changed]);
  return { kind: 'matched', matched: { as: 'merged', id: row.id } };
};

const additionsOf = (
  known: ReturnType<typeof openBefore>,
  { planned: { content, confidence, draft } }: PreparedRow,
): { readonly [key: string]: Json } => {
  const metadata = Object.fromEntries(Object.entries(content.metadata).filter(([key]) => !(key in known.metadata)));
  const told = (['subject', 'predicate', 'object'] as const).filter((name) => !known[name] && content[name]);
  return {
    ...(Object.keys(metadata).length > 0 ? { metadata } : {}),
    ...Object.fromEntries(told.map((name) => [name, content[name]])),
    ...(confidence > known.confidence && draft.confidence !== undefined ? { confidence } : {}),
    ...(draft.importance !== undefined && draft.importance > known.importance ? { importance: draft.importance } : {}),
  };
};
