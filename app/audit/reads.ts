import { hash } from 'node:crypto';
import { type Database, inTransaction } from '../db/pool.js';
import { UUID } from '../http/validate.js';
import { formatNow } from '../memories/time.js';
import type { Vault } from '../tenancy/vault.js';
import { detailCommit, newDetail, readLine } from './leaves.js';
import type { ObservedRead, PackedReads } from './packed-reads.js';
import { recordEvent, SYSTEM, sealDetail, subjectOf } from './recorder.js';
import type { AuditActor, AuditEntry } from './trail.js';

/** Who counts: a replica, and which of its lives. Within them reads are numbered from 1, so that a gap shows. */
export interface Writer {
  readonly writer: string;
  readonly epoch: number;
}

const IS_UUID = new RegExp(UUID);

/** The slot's key has to be in memory. */
export const buildRead = (
  vault: Vault,
  { writer, epoch }: Writer,
  n: number,
  entry: AuditEntry,
  actor: AuditActor,
): ObservedRead => {
  const { slot = null, ids = [] } = entry;
  const detail = entry.detail && newDetail(entry.detail);
  const sealed = detail && sealDetail(vault, { rowId: readsRow({ writer, epoch }), n, slot }, detail);
  const commit = detail && sealed ? detailCommit(detail).toString('base64') : null;
  const [subject, op] = [pseudonymOf(vault, slot), entry.code ?? entry.type];
  const line = readLine({ writer, epoch, n, ids, time: formatNow(), keyId: actor.ref, subject, op, commit });
  return {
    n,
    line,
    ids: IS_UUID.test(actor.ref) ? [actor.ref, ...ids] : ids,
    detail: sealed ?? null,
  };
};

const KNOWN = 10_000;
/** A person's pseudonym is the same at every read; a keyring of another epoch may have erased whose it was. */
const pseudonyms = new WeakMap<Vault, { readonly epoch: number; readonly of: Map<number, string | null> }>();

const pseudonymOf = (vault: Vault, slot: number | null): string | null => {
  if (slot === null) return null;
  const epoch = vault.epoch();
  let known = pseudonyms.get(vault);
  if (known?.epoch !== epoch || known.of.size >= KNOWN) {
    known = { epoch, of: new Map() };
    pseudonyms.set(vault, known);
  }
  const found = known.of.get(slot);
  if (found !== undefined) return found;
  const name = subjectOf(vault, slot);
  known.of.set(slot, name);
  return name;
};

/** Details of reads are bound to the writer's life and the read's number: they are sealed before their event has an id. */
export const readsRow = ({ writer, epoch }: Writer): string => {
  const hex = hash('sha256', `memplane/reads/1\n${writer}/${epoch}`, 'hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
};

export interface WriteReadsDeps {
  readonly db: Database;
  readonly vault: Vault;
  readonly newId: () => string;
}

export interface Batch {
  readonly writer: Writer;
  readonly reads: PackedReads | undefined;
  /** Events of their own in the same transaction. */
  readonly entries: readonly AuditEntry[];
  /** `recovered` when a dead process left them. */
  readonly code: 'recovered' | null;
}

export const writeReads = async (deps: WriteReadsDeps, { writer, reads, entries, code }: Batch): Promise<void> => {
  await inTransaction(deps.db, async (transaction) => {
    for (const entry of entries) await recordEvent(deps, transaction, entry);
    if (reads === undefined || reads.count === 0) return;
    const batch = { count: reads.count, from: reads.first, root: reads.root().toString('base64'), to: reads.last };
    const resource = { kind: 'writer', id: writer.writer, version: writer.epoch };
    const entry: AuditEntry = { type: 'access.batch', resource, code, actor: SYSTEM, request: null };
    await recordEvent(deps, transaction, entry, {
      batch,
      body: { kind: 2, body: reads.lines(), ids: reads.ids() },
      details: reads.details(),
    });
  });
};
