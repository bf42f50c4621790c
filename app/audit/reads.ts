import { hash } from 'node:crypto';
import { type Database, inTransaction } from '../db/pool.js';
import { UUID } from '../http/validate.js';
import { formatNow } from '../memories/time.js';
import type { Vault } from '../tenancy/vault.js';
import { detailCommit, newDetail, readLeaf, readLine } from './leaves.js';
import { merkleRoot } from './merkle.js';
import { recordEvent, SYSTEM, sealDetail, subjectOf } from './recorder.js';
import type { DetailRow } from './store.js';
import type { AuditActor, AuditEntry } from './trail.js';

/** Who counts: a replica, and which of its lives. Within them reads are numbered from 1, so that a gap shows. */
export interface Writer {
  readonly writer: string;
  readonly epoch: number;
}

/** A read as its leaf has it, pseudonymous, with what is personal of it sealed already. */
export interface ObservedRead {
  readonly n: number;
  /** JCS, ended by a newline. */
  readonly line: string;
  /** The hash of it, if it is known: made with the read, so that those of a thousand do not hold up a request. */
  readonly leaf?: Buffer;
  /** What it can be found by: the memories, and the credential. */
  readonly ids: readonly string[];
  readonly detail: DetailRow | null;
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
    leaf: leafOf(line),
    ids: IS_UUID.test(actor.ref) ? [actor.ref, ...ids] : ids,
    detail: sealed ?? null,
  };
};

const leafOf = (line: string): Buffer => readLeaf(line.slice(0, -1));

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
  readonly reads: readonly ObservedRead[];
  /** Events of their own in the same transaction. */
  readonly entries: readonly AuditEntry[];
  /** `recovered` when a dead process left them. */
  readonly code: 'recovered' | null;
}

export const writeReads = async (deps: WriteReadsDeps, { writer, reads, entries, code }: Batch): Promise<void> => {
  const [first, last] = [reads[0], reads.at(-1)];
  await inTransaction(deps.db, async (transaction) => {
    for (const entry of entries) await recordEvent(deps, transaction, entry);
    if (!first || !last) return;
    const body = Buffer.from(reads.map(({ line }) => line).join(''), 'utf8');
    const root = merkleRoot(reads.map(({ leaf, line }) => leaf ?? leafOf(line))).toString('base64');
    const batch = { count: reads.length, from: first.n, root, to: last.n };
    const resource = { kind: 'writer', id: writer.writer, version: writer.epoch };
    const entry: AuditEntry = { type: 'access.batch', resource, code, actor: SYSTEM, request: null };
    await recordEvent(deps, transaction, entry, {
      batch,
      body: { kind: 2, body, ids: [...new Set(reads.flatMap(({ ids }) => ids))] },
      details: reads.flatMap(({ detail }) => detail ?? []),
    });
  });
};
