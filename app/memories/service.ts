import type { IncomingHttpHeaders } from 'node:http';
import type { Principal } from '../access/principal.js';
import type { AuditTrail } from '../audit/trail.js';
import type { Cache } from '../cache/cache.js';
import type { Step } from '../db/flight.js';
import type { Database, Queryable, Transaction } from '../db/pool.js';
import type { Metrics } from '../health/metrics.js';
import { Problem, problem } from '../http/errors.js';
import { after, type Maybe } from '../http/maybe.js';
import { type Check, refuseInvalid } from '../http/validate.js';
import type { Policies } from '../policies/schema.js';
import { presentPast, readPast } from '../search/as-of.js';
import { readUserHeader } from '../tenancy/identity.js';
import type { People } from '../tenancy/people.js';
import type { Vault } from '../tenancy/vault.js';
import type { ChangeWatch } from './changes.js';
import { observeRead } from './observe-read.js';
import { type DroppedDraft, type PlanContext, type PlannedDraft, planDraft } from './plan.js';
import { prepareRows } from './prepare.js';
import type { Presenter } from './present.js';
import type { MemoryReader, ReadMemory } from './reader.js';
import { type RowMarks, tampered } from './row-mac.js';
import type { Draft, Memory } from './schema.js';
import { selectMemory } from './store.js';
import type { Channel } from './trust.js';
import { missing } from './version.js';
import { EVERYTHING, resolveViewerOfOne } from './viewer.js';
import { writeRows, writeTogether } from './write.js';
import type { GroupWriter, PreparedRow, WriteContext } from './write-context.js';

export interface MemoryServiceDeps {
  readonly db: Database;
  readonly group: GroupWriter;
  readonly vault: Vault;
  readonly people: People;
  readonly presenter: Presenter;
  /** What tells a row of ours from one that was changed in the database. */
  readonly marks: RowMarks;
  readonly reader: MemoryReader;
  /** Whether what is remembered of memories is still so. */
  readonly changes: ChangeWatch;
  readonly policies: () => Policies;
  readonly metrics: Metrics;
  readonly audit: AuditTrail;
  /** Sums over memories, until one of them changes. */
  readonly cache: Cache;
  readonly checkDraft: Check<Draft>;
  readonly newId: () => string;
  readonly embedder: { readonly model: string; readonly dimensions: number; state(): string };
  /** Called after a commit that owes vectors. */
  readonly onPending: () => void;
}

/** Who asks, and with which headers. */
export interface Caller {
  readonly principal: Principal;
  readonly headers: IncomingHttpHeaders;
  /** By which way: a protocol of its own says so. @default api */
  readonly channel?: Channel;
}

export type Created = { readonly kind: 'created'; readonly memory: Memory } | DroppedDraft;

/** Told in the transaction what it is about to commit, and whose it is. */
export type Witness<T> = (transaction: Transaction, slot: number, written: T) => Promise<void>;

/** A witness that needs to look at nothing: what it keeps can travel with the write. */
export interface Keeper<T> {
  keep(slot: number, written: T): readonly Step[];
}

export const NO_WITNESS: Keeper<unknown> = { keep: () => [] };

export const bearWitness = async <T>(
  witness: Witness<T> | Keeper<T>,
  transaction: Transaction,
  slot: number,
  written: T,
): Promise<void> => {
  if (typeof witness === 'function') return witness(transaction, slot, written);
  for (const { text, values = [] } of witness.keep(slot, written)) await transaction.query(text, [...values]);
};
/** Of a caller whose protocol knows no request that is sent again. */
export const UNTOLD = async (): Promise<void> => undefined;

export const createMemory = (
  deps: MemoryServiceDeps,
  caller: Caller,
  body: unknown,
  witness: Witness<Memory> | Keeper<Memory>,
): Promise<Created> => countRejected(deps, 1, createOne(deps, caller, body, witness));

const createOne = async (
  deps: MemoryServiceDeps,
  caller: Caller,
  body: unknown,
  witness: Witness<Memory> | Keeper<Memory>,
): Promise<Created> => {
  const now = new Date();
  const planned = planChecked(deps, planContext(deps, caller, now), body);
  if (planned.kind === 'dropped') {
    deps.metrics.ingested('dropped', 1);
    await observeDropped(deps, [planned]);
    return planned;
  }
  const context = writeContext(deps, caller, now);
  const [prepared] = await prepareRows(context, [planned]);
  if (!prepared) throw new Error('A planned draft was not prepared');
  const memory = await countRefusals(deps, () => writeOne(deps, context, prepared, witness));
  deps.metrics.ingested(memory.status === 'quarantined' ? 'quarantined' : 'created', 1);
  if (!planned.vector) deps.onPending();
  return { kind: 'created', memory };
};

const writeOne = (
  deps: MemoryServiceDeps,
  context: WriteContext,
  prepared: PreparedRow,
  witness: Witness<Memory> | Keeper<Memory>,
): Promise<Memory> => {
  const { row, planned } = prepared;
  const carefully = (): Promise<Memory> =>
    writeRows(context, [prepared], false, async (transaction) => {
      const written = await readBack(deps, transaction, planned.id);
      await bearWitness(witness, transaction, row.slot, written);
      return written;
    });
  if (typeof witness === 'function') return carefully();
  const keeping = {
    told: () => deps.presenter.describe(deps.db, row, planned.content),
    steps: (told: Memory) => witness.keep(row.slot, told),
  };
  return writeTogether(context, [prepared], keeping, carefully);
};

/** What the policy does not keep leaves no memory, but a line in the log. */
export const observeDropped = async (
  { audit }: Pick<MemoryServiceDeps, 'audit'>,
  dropped: readonly DroppedDraft[],
): Promise<void> => {
  for (const { reason } of dropped)
    await audit.observe({ type: 'data.dropped', outcome: 'denied', code: 'min_confidence', detail: { reason } });
};

/** As the database has it, with the times and defaults that it keeps. */
export const readBack = async (deps: MemoryServiceDeps, transaction: Queryable, id: string): Promise<Memory> => {
  const row = await selectMemory(transaction, EVERYTHING, id);
  const [memory] = row ? await deps.presenter.present(transaction, [row], { vector: false }) : [];
  if (!memory) throw problem('not_found', `The person whom ${id} belongs to was erased at this moment.`);
  return memory;
};

export const planChecked = (
  deps: MemoryServiceDeps,
  context: PlanContext,
  draft: unknown,
): PlannedDraft | DroppedDraft => {
  const checked = deps.checkDraft(draft);
  if (checked.ok) return planDraft(checked.value, context);
  throw refuseInvalid('The draft', checked.errors);
};

export const planContext = (
  deps: MemoryServiceDeps,
  { principal, headers, channel }: Caller,
  now: Date,
): PlanContext => ({
  principal,
  permission: channel === 'import' ? 'import' : 'ingest',
  headerUser: readUserHeader(headers),
  redacted: channel === 'conversation',
  policies: deps.policies(),
  dimensions: deps.embedder.dimensions,
  model: deps.embedder.model,
  now,
  newId: deps.newId,
});

export const writeContext = (deps: MemoryServiceDeps, { principal, channel }: Caller, now: Date): WriteContext => ({
  db: deps.db,
  group: deps.group,
  vault: deps.vault,
  people: deps.people,
  principal,
  channel: channel ?? 'api',
  policies: deps.policies(),
  quotas: deps.policies().quotas,
  model: deps.embedder.model,
  embeds: deps.embedder.state() !== 'none',
  audit: deps.audit,
  auditEvent: deps.newId(),
  newId: deps.newId,
  marks: deps.marks,
  cache: deps.cache,
  now,
});

export const countRefusals = async <T>(deps: MemoryServiceDeps, write: () => Promise<T>): Promise<T> => {
  try {
    return await write();
  } catch (cause) {
    if (cause instanceof Problem && cause.code === 'quota_exceeded') deps.metrics.quotaRefused();
    throw cause;
  }
};

/** What was offered and refused counts as offered, be it one or a batch; that a store is away is nobody's refusal. */
export const countRejected = async <T>(
  { metrics }: Pick<MemoryServiceDeps, 'metrics'>,
  offered: number,
  written: Promise<T>,
): Promise<T> => {
  try {
    return await written;
  } catch (cause) {
    if (cause instanceof Problem && cause.status < 500) metrics.ingested('rejected', offered);
    throw cause;
  }
};

/** As it is now, without its vector: what is asked for all the time. */
export const readMemory = (deps: MemoryServiceDeps, caller: Caller, id: string): Maybe<ReadMemory> =>
  after(resolveViewerOfOne(deps.db, deps.people, caller.principal, caller.headers), (viewer) =>
    deps.reader.read(viewer, id).then((read) => {
      if (!read) throw missing(id);
      return after(observeRead(deps.audit, 'get', [read]), () => read);
    }),
  );

export const getMemory = async (
  deps: MemoryServiceDeps,
  caller: Caller,
  id: string,
  { vector, asOf = null }: { readonly vector: boolean; readonly asOf?: Date | null },
): Promise<Memory> => {
  if (!vector && !asOf) return (await readMemory(deps, caller, id)).memory;
  const viewer = await resolveViewerOfOne(deps.db, deps.people, caller.principal, caller.headers);
  const row = await selectMemory(deps.db, viewer, id);
  if (!row) throw missing(id);
  const [memory] = await deps.presenter.present(deps.db, [row], { vector });
  if (!memory) throw deps.presenter.absence(row) === 'tampered' ? tampered(id) : missing(id);
  const past = asOf ? (await readPast(deps.db, deps, [row], asOf)).get(id) : undefined;
  if (asOf && (!past || row.created_at > asOf)) throw missing(id);
  await observeRead(deps.audit, 'get', [row]);
  return past ? presentPast(memory, past) : memory;
};
