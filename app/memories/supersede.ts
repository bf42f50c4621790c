import { requireIn } from '../access/scoped.js';
import { inRetriedTransaction, type Transaction } from '../db/pool.js';
import { demandFree } from '../holds/holds.js';
import { problem } from '../http/errors.js';
import { checkMembership } from './admit.js';
import { applyChange } from './change.js';
import { recountContradictions } from './facts.js';
import type { Deed } from './history-record.js';
import { partitionOf } from './partition-of.js';
import { checkGlobal } from './patch.js';
import { type PlannedDraft, problemAt } from './plan.js';
import { prepareRows } from './prepare.js';
import { type MemoryRow, STATUS_SUPERSEDED } from './rows.js';
import { type Memory, scopeOf } from './schema.js';
import {
  type Caller,
  countRefusals,
  type MemoryServiceDeps,
  planChecked,
  planContext,
  type Witness,
  writeContext,
} from './service.js';
import { lockMemories, selectMemory, type Viewer } from './store.js';
import { recordWritten } from './told.js';
import { lowestTrust } from './trust.js';
import { checkVersion, missing } from './version.js';
import { EVERYTHING, resolveViewerOfOne } from './viewer.js';
import { writeRows } from './write.js';
import type { PreparedRow } from './write-context.js';

export interface Supersession {
  readonly by?: string | undefined;
  readonly draft?: unknown;
  readonly evidence: readonly string[];
  readonly reason: string | null;
  readonly ifMatch: string | undefined;
}

export interface Superseded {
  readonly superseded: Memory;
  readonly by: Memory;
  readonly audit_event: string;
}

/** One memory takes the place of another, which stays to be read but is found no more. What is built on others is trusted as the least of them. */
export const supersedeMemory = async (
  deps: MemoryServiceDeps,
  caller: Caller,
  id: string,
  asked: Supersession,
  witness: Witness<Superseded>,
): Promise<Superseded> => {
  const viewer = await resolveViewerOfOne(deps.db, deps.people, caller.principal, caller.headers, 'update');
  const old = await selectMemory(deps.db, viewer, id);
  if (!old) throw missing(id);
  deps.marks.demand(old);
  requireIn(caller.principal, 'update', scopeOf(old));
  checkGlobal(old, caller.principal);
  const evidence = await loadEvidence(deps, viewer, asked.evidence);
  await deps.vault.prepare([old, ...evidence].map(({ slot }) => slot));
  const scene = { deps, caller, viewer, old, evidence, asked, witness };
  const done = asked.by === undefined ? await byDraft(scene) : await byExisting(scene, asked.by);
  deps.onPending();
  return done;
};

interface Scene {
  readonly deps: MemoryServiceDeps;
  readonly caller: Caller;
  readonly viewer: Viewer;
  readonly old: MemoryRow;
  readonly evidence: readonly MemoryRow[];
  readonly asked: Supersession;
  /** Told in the transaction. */
  readonly witness: Witness<Superseded>;
}

const byExisting = async (scene: Scene, by: string): Promise<Superseded> => {
  const { deps, caller, viewer, old, evidence, asked } = scene;
  if (by === old.id) throw problemAt('invalid_request', '/by', 'A memory cannot supersede itself.');
  const seen = await selectMemory(deps.db, viewer, by);
  if (!seen) throw problem('not_found', `There is no memory ${by}.`, { errors: [notFoundAt('/by')] });
  await deps.vault.prepare([seen.slot]);
  return inRetriedTransaction(deps.db, async (transaction) => {
    const locked = new Map((await lockMemories(transaction, viewer, [old.id, by])).map((row) => [row.id, row]));
    const [before, successor] = [locked.get(old.id), locked.get(by)];
    if (!before || !successor) throw missing(before ? by : old.id);
    await demandFree(deps, transaction, [successor]);
    if (successor.superseded_by !== null || !sameOwner(before, successor)) {
      throw problemAt('invalid_request', '/by', 'The successor must be of the same owner, and not superseded itself.');
    }
    const deed = deedOf(deps, caller, asked.reason);
    const trust = lowestTrust(successor, [before, ...evidence]);
    const { trust_class, trust_score } = trust;
    const after = await applyChange(deps, transaction, successor, undefined, {
      ...{ caller, deed, event: 'supersede' },
      columns: {
        ...{ trust_class, trust_score },
        supersedes: unite(successor.supersedes ?? [], [old.id]),
        evidence: unite(successor.evidence ?? [], asked.evidence),
      },
    });
    const retired = await retire(deps, transaction, caller, before, { by, deed, ifMatch: asked.ifMatch });
    await recountContradictions(transaction, [before, successor]);
    await recordWritten(deps, transaction, deed, 'superseded', [after, retired]);
    return tell(scene, transaction, [retired.row, after.row], deed);
  });
};

/** The draft says what is new; whose it is stays as it was. */
const byDraft = async (scene: Scene): Promise<Superseded> => {
  const { deps, caller, old, evidence, asked } = scene;
  const now = new Date();
  const planned = planChecked(deps, planContext(deps, caller, now), await nameOwner(deps, old, asked.draft));
  if (planned.kind === 'dropped') throw problemAt('invalid_request', '/draft/confidence', planned.reason);
  const lineage = { supersedes: [old.id], evidence: asked.evidence, trust: [old, ...evidence] };
  const context = writeContext(deps, caller, now);
  const [prepared] = await prepareRows(context, [{ ...planned, lineage } satisfies PlannedDraft]);
  if (!prepared) throw new Error('A planned draft was not prepared');
  checkMembership(caller.principal, prepared.row);
  if (!sameOwner(old, prepared.row)) {
    throw problemAt('immutable_field', '/draft', 'The draft names another owner than the memory that it supersedes.');
  }
  return countRefusals(deps, () =>
    writeRows(context, [prepared], false, async (transaction) => {
      const deed = { ...deedOf(deps, caller, asked.reason), auditEvent: deps.newId() };
      const [before] = await lockMemories(transaction, EVERYTHING, [old.id]);
      if (!before) throw missing(old.id);
      const retired = await retire(deps, transaction, caller, before, { by: planned.id, deed, ifMatch: asked.ifMatch });
      await recountContradictions(transaction, [before, prepared.row]);
      await recordWritten(deps, transaction, deed, 'superseded', [retired]);
      return tell(scene, transaction, [retired.row, await rowOf(transaction, prepared)], deed);
    }),
  );
};

interface Retirement {
  readonly by: string;
  readonly deed: Deed;
  readonly ifMatch: string | undefined;
}

const retire = async (
  deps: MemoryServiceDeps,
  transaction: Transaction,
  caller: Caller,
  row: MemoryRow,
  { by, deed, ifMatch }: Retirement,
) => {
  await demandFree(deps, transaction, [row]);
  checkVersion(row, ifMatch);
  if (row.superseded_by !== null) {
    throw problem('version_mismatch', `The memory ${row.id} is superseded by ${row.superseded_by} already.`, {
      remedy: 'Supersede the memory that took its place.',
    });
  }
  const columns = { status: STATUS_SUPERSEDED, superseded_by: by };
  return applyChange(deps, transaction, row, undefined, { caller, deed, event: 'supersede', columns });
};

/** What a draft leaves out of identity is as it was. */
const nameOwner = async (deps: MemoryServiceDeps, old: MemoryRow, draft: unknown): Promise<unknown> => {
  if (typeof draft !== 'object' || draft === null || Array.isArray(draft)) return draft;
  const [known] = await deps.presenter.present(deps.db, [old], { vector: false });
  if (!known) throw missing(old.id);
  const { scope, user_id, agent_id, session_id, app_id, team_id, organization_id } = known;
  return { scope, user_id, agent_id, session_id, app_id, team_id, organization_id, ...draft };
};

const loadEvidence = async (
  deps: MemoryServiceDeps,
  viewer: Viewer,
  ids: readonly string[],
): Promise<readonly MemoryRow[]> => {
  const rows = await Promise.all(ids.map((id) => selectMemory(deps.db, viewer, id)));
  // Their trust decides on that of what is built on them.
  for (const row of rows) if (row) deps.marks.demand(row);
  const errors = rows.flatMap((row, index) => (row ? [] : [notFoundAt(`/evidence/${index}`)]));
  if (errors.length > 0) throw problem('not_found', 'Some of the evidence is not there.', { errors });
  return rows.flatMap((row) => row ?? []);
};

const notFoundAt = (pointer: string) => ({ pointer, code: 'not_found', detail: `${pointer} names no memory` });

type Owned = Pick<MemoryRow, 'scope' | 'user_ref' | 'team_ref' | 'organization_ref'>;
const sameOwner = (a: Owned, b: Owned): boolean => a.scope === b.scope && partitionOf(a) === partitionOf(b);

const unite = (known: readonly string[], more: readonly string[]): readonly string[] => [
  ...new Set([...known, ...more]),
];

const deedOf = (deps: MemoryServiceDeps, { principal }: Caller, reason: string | null): Deed => ({
  actor: principal.keyId,
  at: new Date(),
  reason,
  auditEvent: deps.newId(),
});

const rowOf = async (transaction: Transaction, { row }: PreparedRow): Promise<MemoryRow> => {
  const written = await selectMemory(transaction, EVERYTHING, row.id);
  if (!written) throw missing(row.id);
  return written;
};

const tell = async (
  { deps, witness }: Scene,
  transaction: Transaction,
  [old, successor]: readonly [MemoryRow, MemoryRow],
  { auditEvent }: Deed,
): Promise<Superseded> => {
  const [superseded, by] = await deps.presenter.present(transaction, [old, successor], { vector: false });
  if (!superseded || !by) throw missing(old.id);
  const told = { superseded, by, audit_event: auditEvent };
  await witness(transaction, old.slot, told);
  return told;
};
