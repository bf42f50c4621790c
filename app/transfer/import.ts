import { RETRYABLE, UNIQUE_VIOLATION } from '../db/errors.js';
import { inRetriedTransaction, type Queryable, type Transaction } from '../db/pool.js';
import { findKept, type Kept } from '../holds/holds.js';
import { problem } from '../http/errors.js';
import { buildHistoryRow, type HistoryDeps } from '../memories/history-record.js';
import { insertHistory } from '../memories/history-store.js';
import { keyToken } from '../memories/key.js';
import { prepareRows } from '../memories/prepare.js';
import { removeRows } from '../memories/removal.js';
import type { MemoryRow } from '../memories/rows.js';
import { type Caller, type MemoryServiceDeps, planContext, writeContext } from '../memories/service.js';
import { readTime } from '../memories/time.js';
import { writeWithin } from '../memories/write.js';
import type { PreparedRow, WriteContext } from '../memories/write-context.js';
import { TENANT_PARTITION } from '../vectors/vector-store.js';
import { type ImportItem, lineErrors, planImport } from './import-plan.js';
import type { ConflictMode } from './import-schema.js';
import { selectTaken, updateSuccessors } from './import-store.js';
import type { LineError, ParsedFile } from './parse.js';

export interface ImportOptions {
  readonly onConflict: ConflictMode;
  readonly dryRun: boolean;
  /** The same ids each time, for who may have to begin again. @default new ones */
  readonly newId?: () => string;
  /** Told after each batch; throws when the import shall stop. */
  readonly progress?: (done: number, failed: number, total: number) => Promise<void>;
}

export interface ImportResult {
  readonly created: number;
  readonly skipped: number;
  readonly overwritten: number;
  readonly failed: number;
  readonly errors: readonly LineError[];
  readonly dry_run: boolean;
  readonly verified: boolean;
  readonly audit_events: readonly string[];
}

/** Each is one transaction: what it writes is there with its history and its audit event, or not at all. */
const BATCH = 500;

/** Memories as they were elsewhere, under the rules of here: no model is asked, no trust is raised, no hold is placed. */
export const importFile = async (
  deps: MemoryServiceDeps,
  given: Caller,
  file: ParsedFile,
  options: ImportOptions,
): Promise<ImportResult> => {
  const caller = { ...given, channel: 'import' } as const;
  const plan = planImport(file.records, {
    ...planContext(deps, caller, new Date()),
    ...(options.newId ? { newId: options.newId } : {}),
    fileModel: file.model,
    renames: options.onConflict === 'new_ids',
  });
  const tally = new Tally([...file.errors, ...plan.errors]);
  if (options.onConflict === 'fail') await demandClean(deps, plan.items, tally);
  for (let at = 0; at < plan.items.length; at += BATCH) {
    const batch = plan.items.slice(at, at + BATCH);
    if (options.dryRun) await tryBatch(deps, caller, batch, options.onConflict, tally);
    else await writeBatch(deps, caller, batch, options.onConflict, tally);
    await options.progress?.(Math.min(at + BATCH, plan.items.length), tally.failed, plan.items.length);
  }
  if (tally.created + tally.overwritten > 0 && !options.dryRun) deps.onPending();
  return tally.result(options.dryRun, file.verified);
};

class Tally {
  created = 0;
  skipped = 0;
  overwritten = 0;
  readonly #errors: LineError[];
  readonly #failedLines: Set<number>;
  readonly #auditEvents: string[] = [];

  constructor(errors: readonly LineError[]) {
    this.#errors = [...errors];
    this.#failedLines = new Set(errors.map(({ line }) => line));
  }

  get failed(): number {
    return this.#failedLines.size;
  }

  get errors(): readonly LineError[] {
    return this.#errors;
  }

  fail(errors: readonly LineError[]): void {
    this.#errors.push(...errors);
    for (const { line } of errors) this.#failedLines.add(line);
  }

  wrote(auditEvent: string): void {
    this.#auditEvents.push(auditEvent);
  }

  result(dry_run: boolean, verified: boolean): ImportResult {
    const { created, skipped, overwritten, failed } = this;
    const errors = [...this.#errors].sort((a, b) => a.line - b.line).slice(0, MAX_TOLD);
    return { created, skipped, overwritten, failed, errors, dry_run, verified, audit_events: this.#auditEvents };
  }
}

const MAX_TOLD = 1000;

/** With `fail`, the first mistake or conflict anywhere is the end of all, before anything is written. */
const demandClean = async (deps: MemoryServiceDeps, items: readonly ImportItem[], tally: Tally): Promise<void> => {
  for (let at = 0; at < items.length && tally.errors.length < MAX_TOLD; at += BATCH) {
    const batch = items.slice(at, at + BATCH);
    const taken = await findTaken(deps, deps.db, batch, false);
    tally.fail(batch.flatMap((item) => (taken.of(item).length > 0 ? [conflictError(item)] : [])));
  }
  if (tally.failed === 0) return;
  throw problem('batch_rejected', `${tally.failed} lines cannot be imported; nothing was written.`, {
    remedy: 'Correct what "errors" names, or send ?on_conflict=skip, overwrite or new_ids.',
    errors: tally.errors.map(({ line, pointer, code, detail }) => ({
      ...{ index: line - 1, pointer, code, detail: `line ${line}: ${detail}` },
    })),
  });
};

const conflictError = ({ line, planned }: ImportItem): LineError => ({
  ...{ line, id: planned.id, code: 'key_exists', pointer: planned.draft.key ? '/key' : '/id' },
  detail: 'there is such a memory already',
});

interface Taken {
  readonly rows: readonly MemoryRow[];
  /** The memories that stand where this one would go. */
  of(item: ImportItem): readonly MemoryRow[];
}

/** By id, and by key: one name means one memory for each owner. */
const findTaken = async (
  deps: MemoryServiceDeps,
  db: Queryable,
  items: readonly ImportItem[],
  lock: boolean,
): Promise<Taken> => {
  const tokens = new Map<ImportItem, string>();
  for (const item of items) {
    const token = await keyTokenFor(deps, item);
    if (token) tokens.set(item, token.toString('hex'));
  }
  const ids = items.map(({ planned }) => planned.id);
  const rows = await selectTaken(db, ids, [...tokens.values()].map(fromHex), lock);
  const byId = new Map(rows.map((row) => [row.id, row]));
  const byKey = new Map(rows.flatMap((row) => (row.key_token ? [[row.key_token.toString('hex'), row] as const] : [])));
  return {
    rows,
    of: (item) => {
      const found = [byId.get(item.planned.id), byKey.get(tokens.get(item) ?? '')];
      return [...new Set(found.flatMap((row) => row ?? []))];
    },
  };
};

const fromHex = (text: string): Buffer => Buffer.from(text, 'hex');

/** Nobody is made by looking: an owner who is not known has no keys. */
const keyTokenFor = async (
  { db, vault, people }: MemoryServiceDeps,
  { planned }: ImportItem,
): Promise<Buffer | undefined> => {
  const { draft, scopeCode, userId } = planned;
  if (!draft.key) return undefined;
  const first = async (kind: 'team' | 'organization', id: string | null | undefined) =>
    id ? ((await people.findEntities(db, kind, id))[0] ?? null) : null;
  const owner = {
    scope: scopeCode,
    user_ref: userId === null ? null : ((await people.find(db, userId))?.ref ?? null),
    team_ref: await first('team', draft.team_id),
    organization_ref: await first('organization', draft.organization_id),
  };
  const partition = [owner.user_ref, owner.team_ref, owner.organization_ref, TENANT_PARTITION][scopeCode];
  return partition ? keyToken(vault, owner, { key: draft.key, namespace: draft.namespace ?? [] }) : undefined;
};

/** Whoever acts for one person replaces what is that person's, and nobody else's under the same id. */
const mayReplace = ({ principal }: Caller, row: MemoryRow): boolean =>
  principal.userId === null || row.user_ref === principal.userRef;

const tryBatch = async (
  deps: MemoryServiceDeps,
  caller: Caller,
  batch: readonly ImportItem[],
  mode: ConflictMode,
  tally: Tally,
): Promise<void> => {
  const taken = await findTaken(deps, deps.db, batch, false);
  const holds = await findKept(deps, deps.db, taken.rows);
  for (const item of batch) {
    const found = taken.of(item);
    if (found.length === 0) tally.created++;
    else if (mode !== 'overwrite') tally.skipped++;
    else if (!found.every((row) => mayReplace(caller, row))) tally.fail([conflictError(item)]);
    else if (found.some(({ id }) => holds.has(id))) tally.fail([keptError(item, keptOf(holds, found))]);
    else tally.overwritten++;
  }
};

const keptOf = (holds: ReadonlyMap<string, Kept>, rows: readonly MemoryRow[]): Kept | undefined =>
  rows.map(({ id }) => holds.get(id)).find((kept) => kept !== undefined);

const keptError = ({ line, planned }: ImportItem, kept: Kept | undefined): LineError => {
  const forged = kept === 'tampered';
  return {
    ...{ line, id: planned.id, code: forged ? 'memory_tampered' : 'legal_hold', pointer: '/id' },
    detail: `the memory that it would replace ${forged ? 'was changed behind the service' : 'is under a legal hold'}`,
  };
};

const writeBatch = async (
  deps: MemoryServiceDeps,
  caller: Caller,
  batch: readonly ImportItem[],
  mode: ConflictMode,
  tally: Tally,
): Promise<void> => {
  await warmUp(deps, batch);
  const written = await inRetriedTransaction(
    deps.db,
    (transaction) => writeOnce(deps, caller, batch, { mode, transaction }),
    (code) => RETRYABLE.has(code) || code === UNIQUE_VIOLATION,
  );
  tally.created += written.created;
  tally.skipped += written.skipped;
  tally.overwritten += written.overwritten;
  tally.fail(written.errors);
  if (written.auditEvent !== null) tally.wrote(written.auditEvent);
  deps.metrics.ingested('created', written.created + written.overwritten);
};

/** Who is new is made, and keys are fetched, before a row is locked. */
const warmUp = async ({ db, vault, people }: MemoryServiceDeps, batch: readonly ImportItem[]): Promise<void> => {
  const persons = await people.ensure(
    db,
    batch.flatMap(({ planned }) => planned.userId ?? []),
  );
  await vault.prepare([...persons.values()].map(({ slot }) => slot));
};

interface Written {
  readonly created: number;
  readonly skipped: number;
  readonly overwritten: number;
  readonly errors: readonly LineError[];
  readonly auditEvent: string | null;
}

const writeOnce = async (
  deps: MemoryServiceDeps,
  caller: Caller,
  batch: readonly ImportItem[],
  { mode, transaction }: { readonly mode: ConflictMode; readonly transaction: Transaction },
): Promise<Written> => {
  const taken = await findTaken(deps, transaction, batch, mode === 'overwrite');
  const holds = await findKept(deps, transaction, taken.rows);
  const errors: LineError[] = [];
  const fresh: ImportItem[] = [];
  const replacing: { readonly item: ImportItem; readonly rows: readonly MemoryRow[] }[] = [];
  let skipped = 0;
  for (const item of batch) {
    const rows = taken.of(item);
    if (rows.length === 0) fresh.push(item);
    else if (mode !== 'overwrite') skipped++;
    else if (!rows.every((row) => mayReplace(caller, row))) errors.push(conflictError(item));
    else if (rows.some(({ id }) => holds.has(id))) errors.push(keptError(item, keptOf(holds, rows)));
    else replacing.push({ item, rows });
  }
  const context = writeContext(deps, caller, new Date());
  await replace(
    deps,
    transaction,
    caller,
    replacing.flatMap(({ rows }) => rows),
  );
  const items = [...fresh, ...replacing.map(({ item, rows }) => afterThose(item, rows))];
  if (items.length === 0) return { created: 0, skipped, overwritten: 0, errors, auditEvent: null };
  const refused = await insertAll(deps, transaction, context, items);
  const lost = refused.find(({ line }) => replacing.some(({ item }) => item.line === line));
  // What was to take its place cannot: then it stays.
  if (lost) throw problem('batch_rejected', `Line ${lost.line} cannot replace what is there: ${lost.detail}`);
  const isRefused = (item: ImportItem): boolean => refused.some(({ line }) => line === item.line);
  const created = fresh.filter((item) => !isRefused(item)).length;
  const overwritten = replacing.filter(({ item }) => !isRefused(item)).length;
  const auditEvent = created + overwritten > 0 ? context.auditEvent : null;
  return { created, skipped, overwritten, errors: [...errors, ...refused], auditEvent };
};

/** A version that was told of stays told: what takes a memory's place goes on counting, and its own history stays. */
const afterThose = (item: ImportItem, rows: readonly MemoryRow[]): ImportItem => {
  const { past } = item.planned;
  const same = rows.find(({ id }) => id === item.planned.id);
  if (!past || !same) return item;
  const version = Math.max(past.version, same.version + 2);
  return { ...item, planned: { ...item.planned, past: { ...past, version } }, history: [] };
};

const replace = async (
  deps: MemoryServiceDeps,
  transaction: Transaction,
  { principal }: Caller,
  rows: readonly MemoryRow[],
): Promise<void> => {
  if (rows.length === 0) return;
  await deps.vault.prepare(rows.map(({ slot }) => slot));
  const unique = [...new Map(rows.map((row) => [row.id, row])).values()];
  const deed = { actor: principal.keyId, at: new Date(), reason: 'replaced by an import', auditEvent: deps.newId() };
  await removeRows(deps, transaction, unique, deed);
};

const insertAll = async (
  deps: MemoryServiceDeps,
  transaction: Transaction,
  context: WriteContext,
  items: readonly ImportItem[],
): Promise<readonly LineError[]> => {
  const prepared = await prepareRows(
    context,
    items.map(({ planned }) => planned),
  );
  const outcomes = await writeWithin(transaction, context, prepared, {
    partial: true,
    settle: async (_, told) => told,
  });
  const written = items.flatMap((item, index) => {
    const row = prepared[index];
    return row && outcomes[index]?.kind === 'created' ? [{ item, row }] : [];
  });
  await updateSuccessors(
    transaction,
    written.flatMap(({ item: { planned, supersededBy: by }, row: { row } }) =>
      by === null ? [] : [{ id: planned.id, by, mac: deps.marks.mac({ ...row, superseded_by: by }) }],
    ),
  );
  await insertHistory(
    transaction,
    written.flatMap(({ item, row }) => historyOf(deps, item, row)),
  );
  return items.flatMap(({ line, planned }, index) => {
    const outcome = outcomes[index];
    return outcome?.kind === 'refused' ? lineErrors(line, planned.id, outcome.problem) : [];
  });
};

/** As it was told elsewhere; the events of that log are not of this one. */
const historyOf = (deps: HistoryDeps, { history }: ImportItem, { row }: PreparedRow) =>
  history.map(({ event, version, state, reason = null, at, actor = null }) =>
    buildHistoryRow(
      deps,
      { ...row, contradictions: 0, superseded_by: null, mac: null },
      { event, version, state: state as never, reason },
      { actor, at: readTime('/at', at) ?? row.created_at, auditEvent: null },
    ),
  );
