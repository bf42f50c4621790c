import { BEFORE_ALL } from '../db/first-id.js';
import type { Queryable } from '../db/pool.js';
import { openEvent } from '../memories/history-record.js';
import type { HistoryRow } from '../memories/history-store.js';
import type { MemoryRow } from '../memories/rows.js';
import type { Memory } from '../memories/schema.js';
import type { MemoryServiceDeps } from '../memories/service.js';
import { EVENTS } from '../memories/state.js';
import { formatTime } from '../memories/time.js';
import {
  type ExportedVector,
  openSnapshot,
  selectAuditBytes,
  selectExported,
  selectHistoryOf,
  selectVectorsOf,
} from './export-store.js';
import { ExportWriter } from './format.js';
import type { Subject } from './subject.js';

export const INCLUDES = ['vectors', 'history', 'audit'] as const;
export type Include = (typeof INCLUDES)[number];

export interface ExportDeps extends MemoryServiceDeps {
  readonly tenant: { readonly id: string; readonly name: string };
  readonly version: string;
}

export interface ExportOptions {
  readonly include: readonly Include[];
  readonly filters: unknown;
}

/** Some 2 MB with vectors and history. */
const CHUNK = 500;
/**
 * Everything of the subject as of one moment, whatever is written meanwhile. Ends with a footer, or not at all: a file
 * without one is not complete.
 */
export async function* exportLines(
  deps: ExportDeps,
  subject: Subject,
  options: ExportOptions,
  signal: AbortSignal,
): AsyncGenerator<string, number> {
  const snapshot = await openSnapshot(deps.db);
  const writer = new ExportWriter();
  let memories = 0;
  try {
    yield writer.header(buildHeader(deps, subject, options));
    for (let after = BEFORE_ALL; ; ) {
      signal.throwIfAborted();
      const rows = await selectExported(snapshot.transaction, subject.condition, after, CHUNK);
      const chosen = await present(deps, snapshot.transaction, rows, subject);
      memories += chosen.length;
      if (chosen.length > 0) yield await buildChunk(deps, snapshot.transaction, writer, chosen, options);
      const last = rows.at(-1);
      if (!last || rows.length < CHUNK) break;
      after = last.id;
    }
    if (options.include.includes('audit')) yield* auditLines(deps, snapshot.transaction, writer, subject);
    yield writer.footer(deps.vault.logSigner());
    return memories;
  } finally {
    await snapshot.close();
  }
}

const buildHeader = (deps: ExportDeps, { userId }: Subject, { include, filters }: ExportOptions): object => ({
  tenant_id: deps.tenant.id,
  exported_at: formatTime(new Date()),
  subject: userId === null ? { kind: 'tenant' } : { kind: 'user', user_id: userId },
  filters: filters ?? null,
  include,
  model: { name: deps.embedder.model, dimensions: deps.embedder.dimensions },
  service_version: deps.version,
  vkey: deps.vault.logSigner().vkey,
});

interface Chosen {
  readonly row: MemoryRow;
  readonly memory: Memory;
}

const present = async (
  { presenter }: ExportDeps,
  db: Queryable,
  rows: readonly MemoryRow[],
  { matches }: Subject,
): Promise<readonly Chosen[]> => {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const memories = await presenter.present(db, rows, { vector: false });
  return memories.flatMap((memory) => {
    const row = byId.get(memory.id);
    return row && (matches?.(memory) ?? true) ? [{ row, memory }] : [];
  });
};

const buildChunk = async (
  deps: ExportDeps,
  db: Queryable,
  writer: ExportWriter,
  chosen: readonly Chosen[],
  { include }: ExportOptions,
): Promise<string> => {
  const ids = chosen.map(({ row }) => row.id);
  const history = groupById(include.includes('history') ? await selectHistoryOf(db, ids) : []);
  const vectors = groupById(include.includes('vectors') ? await selectVectorsOf(db, ids) : []);
  await deps.vault.prepare([...history.values()].flat().map(({ slot }) => slot));
  return chosen
    .flatMap(({ row, memory }) => [
      writer.line('memory', { ...withoutHash(memory), created_by: row.created_by }),
      ...(history.get(row.id) ?? [])
        .filter(deps.marks.history.isGenuine)
        .map((event) => writer.line('history', buildEvent(deps, event))),
      ...(vectors.get(row.id) ?? []).map((vector) => writer.line('vector', buildVector(deps, vector))),
    ])
    .join('');
};

const groupById = <T extends { readonly memory_id: string }>(rows: readonly T[]): ReadonlyMap<string, readonly T[]> => {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(row.memory_id);
    if (group) group.push(row);
    else groups.set(row.memory_id, [row]);
  }
  return groups;
};

/** A keyed hash is worth nothing elsewhere. */
const withoutHash = (memory: Memory): object => ({ ...memory, content_hash: undefined });

const buildEvent = ({ vault }: ExportDeps, row: HistoryRow): object => {
  const { state, reason } = openEvent(vault, row);
  const { memory_id, version, actor, audit_event } = row;
  return { memory_id, version, event: EVENTS[row.event], at: formatTime(row.at), actor, reason, audit_event, state };
};

const buildVector = ({ vault }: ExportDeps, row: ExportedVector): object => {
  const place = { slot: row.slot, table: 'vectors', rowId: row.memory_id, version: row.version };
  const vector = vault.openVector(place, { sealed: row.sealed, bytes: row.vector });
  const bytes = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
  return { memory_id: row.memory_id, model: row.model, dimensions: vector.length, vector: bytes.toString('base64') };
};

/** The events of the log themselves, as they were hashed: of the tenant, or of the one person by their pseudonym. */
async function* auditLines(
  { vault }: ExportDeps,
  db: Queryable,
  writer: ExportWriter,
  { userId, person }: Subject,
): AsyncGenerator<string> {
  if (userId !== null && !person) return;
  if (person) await vault.prepare([person.slot]);
  const subject = person ? vault.pseudonym(person.slot) : null;
  for (let after = -1; ; ) {
    const events = await selectAuditBytes(db, subject, after, CHUNK);
    const last = events.at(-1);
    if (!last) return;
    yield events.map(({ bytes }) => writer.line('audit', { event: bytes.toString('base64') })).join('');
    after = last.seq;
  }
}
