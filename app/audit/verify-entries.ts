import type { AuditEvent } from './event.js';
import { parseEvent } from './event.js';
import { FACT_BYTES, factRoot, readLines, readRoot } from './leaves.js';
import { CompactRange, HASH_BYTES, leafHash } from './merkle.js';
import type { Finding } from './verify-checkpoints.js';

/** What a batch's root is made of, when the bundle has it. */
export type BatchOf = (seq: number) => Buffer | undefined;

export interface Gap {
  readonly writer: string;
  readonly epoch: number;
  readonly from: number;
  readonly to: number;
  /** The event after it. */
  readonly seq: number;
}

const TILE_HEIGHT = 8;
/** What a verdict needs is there with the first; a forged log has as many as it has events. */
const MOST_FINDINGS = 100;

/**
 * Goes through a log event by event: each must be what the tree holds, follow the one before it and carry its own number.
 * Bytes are hashed as they are; nothing is put into canonical form again.
 */
export class EntryVerifier {
  readonly #origin: string;
  readonly #batchOf: BatchOf;
  readonly #range = new CompactRange();
  readonly #roots = new Map<number, Buffer>();
  readonly #wanted: ReadonlySet<number>;
  readonly #upper = new Map<number, Buffer[]>();
  readonly #reads = new Map<string, number>();
  readonly findings: Finding[] = [];
  readonly gaps: Gap[] = [];
  readonly times: string[] = [];
  #prev: Buffer = Buffer.alloc(HASH_BYTES);
  #epoch = 0;

  /** `sizes`: where roots are to be compared. */
  constructor(origin: string, sizes: ReadonlySet<number>, batchOf: BatchOf) {
    this.#origin = origin;
    this.#wanted = sizes;
    this.#batchOf = batchOf;
    if (sizes.has(0)) this.#roots.set(0, this.#range.root());
  }

  get size(): number {
    return this.#range.size;
  }

  rootAt(size: number): Buffer | undefined {
    return this.#roots.get(size);
  }

  /** Roots of full subtrees of 256^level leaves. */
  upper(level: number): readonly Buffer[] {
    return this.#upper.get(level) ?? [];
  }

  /** `known`: the hash that a tile has for it. */
  add(bytes: Buffer, known: Buffer | undefined): void {
    const seq = this.#range.size;
    const leaf = leafHash(bytes);
    if (known && !known.equals(leaf)) this.#find(seq, 'is not what was hashed');
    this.#checkEvent(seq, bytes);
    this.#prev = leaf;
    this.#range.append(leaf, 0, (height, hash) => this.#keep(height, hash));
    if (this.#wanted.has(this.#range.size)) this.#roots.set(this.#range.size, this.#range.root());
  }

  #keep(height: number, hash: Buffer): void {
    if (height % TILE_HEIGHT !== 0) return;
    const level = height / TILE_HEIGHT;
    const hashes = this.#upper.get(level);
    if (hashes) hashes.push(hash);
    else this.#upper.set(level, [hash]);
  }

  #checkEvent(seq: number, bytes: Buffer): void {
    const event = readEvent(bytes);
    if (!event) {
      this.#find(seq, 'is no event of version 1');
      return;
    }
    if (event.log !== this.#origin) this.#find(seq, `belongs to the log ${String(event.log)}`);
    if (event.seq !== String(seq)) this.#find(seq, `says that it is number ${String(event.seq)}`);
    if (event.prev !== this.#prev.toString('base64')) this.#find(seq, `does not follow event ${seq - 1} as it is here`);
    this.times.push(String(event.time));
    this.#checkBatch(seq, event);
    this.#checkEpoch(seq, event);
    this.#checkReads(seq, event);
  }

  #checkBatch(seq: number, { type, batch }: AuditEvent): void {
    const body = batch && this.#batchOf(seq);
    if (!batch || !body) return;
    const isRead = type === 'access.batch';
    const count = isRead ? readLines(body).length : body.length / FACT_BYTES;
    const root = isRead ? readRoot(body) : Number.isInteger(count) ? factRoot(body) : undefined;
    if (count !== batch.count || root?.toString('base64') !== batch.root)
      this.#find(seq, 'has another batch than it says');
  }

  #checkEpoch(seq: number, { type, resource }: AuditEvent): void {
    if (type !== 'keys.epoch') return;
    const epoch = resource?.version ?? 0;
    if (epoch < this.#epoch) this.#find(seq, `takes the keyring from epoch ${this.#epoch} back to ${epoch}`);
    this.#epoch = Math.max(epoch, this.#epoch);
  }

  #checkReads(seq: number, { type, resource, batch }: AuditEvent): void {
    if (type !== 'access.batch' || !resource || batch?.from === undefined || batch.to === undefined) return;
    const epoch = resource.version ?? 0;
    const life = `${resource.id}/${epoch}`;
    const expected = (this.#reads.get(life) ?? 0) + 1;
    if (batch.from < expected) this.#find(seq, `tells reads ${batch.from} to ${batch.to} of its writer again`);
    if (batch.from > expected) {
      this.gaps.push({ writer: resource.id, epoch, from: expected, to: batch.from - 1, seq });
    }
    this.#reads.set(life, batch.to);
  }

  #find(seq: number, what: string): void {
    if (this.findings.length < MOST_FINDINGS) this.findings.push({ seq, what: `event ${seq} ${what}` });
  }
}

const readEvent = (bytes: Buffer): AuditEvent | undefined => {
  try {
    const event: unknown = parseEvent(bytes);
    return typeof event === 'object' && event !== null && (event as AuditEvent).v === 1
      ? (event as AuditEvent)
      : undefined;
  } catch {
    return undefined;
  }
};
