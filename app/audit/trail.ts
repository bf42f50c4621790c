import type { Step } from '../db/flight.js';
import type { Queryable } from '../db/pool.js';
import type { Json } from '../http/json.js';
import type { Maybe } from '../http/maybe.js';

export type AuditType =
  | 'memory.write'
  | 'memory.read'
  | 'access.batch'
  | 'access.gap'
  | 'auth.denied'
  | 'request.invalid'
  | `${'key' | 'role' | 'hold' | 'erasure' | 'backup' | 'restore' | 'webhook' | 'review' | 'data' | 'limit'}.${string}`
  | 'keys.epoch'
  | 'log.transfer'
  | 'log.succession'
  | 'security.tamper';

export interface AuditActor {
  readonly kind: 'key' | 'jwt' | 'system' | 'operator';
  /** A key's id, or the pseudonym of a person. */
  readonly ref: string;
  readonly role: string | null;
}

/** One memory that a write put or deleted: what its leaf under the event's root is made of. */
export interface AuditFact {
  readonly id: string;
  readonly version: number;
  readonly op: 'put' | 'delete';
  /** The commitment of the row's envelope; zeros for a delete. */
  readonly commit: Buffer;
}

export interface AuditEntry {
  readonly type: AuditType;
  /** When the rows of the same transaction carry it. @default a new one */
  readonly id?: string;
  /** Whom it is about, by slot; the event carries a pseudonym. @default nobody */
  readonly slot?: number | null;
  readonly scope?: 'user' | 'team' | 'organization' | 'global' | null;
  readonly resource?: { readonly kind: string; readonly id: string; readonly version?: number } | null;
  /** What was written or deleted; the event carries their number and root. */
  readonly facts?: readonly AuditFact[];
  /** The memories that were read. */
  readonly ids?: readonly string[];
  readonly outcome?: 'ok' | 'denied' | 'error';
  readonly code?: string | null;
  /** What is personal (names, query text, address, changed fields): committed to by the event, sealed under `slot` beside it. */
  readonly detail?: { readonly [key: string]: Json };
  /** @default the credential of the request that is being served, else the system */
  readonly actor?: AuditActor;
  /** @default the id of the request that is being served */
  readonly request?: string | null;
}

/** An event that is not stored yet. */
export interface StagedEvent {
  readonly id: string;
}

/** Where everything that must be provable is told. */
export interface AuditTrail {
  /** In the transaction of what it tells of: both are there, or neither. Resolves to the event's id, which answers carry as `audit_event`. */
  record(transaction: Queryable, entry: AuditEntry): Promise<string>;
  /** The same for whoever commits several things at once: the event as it is now, to be stored by `steps`. */
  stage(entry: AuditEntry): Promise<StagedEvent>;
  steps(events: readonly StagedEvent[]): readonly Step[];
  /**
   * Outside a transaction: reads and denials, batched and flushed within moments. Never fails while reads are `Batched`, and
   * mostly is done at once; while they are `Strict` it resolves when the read is committed to the log, and a read that cannot be is an error.
   */
  observe(entry: AuditEntry): Maybe<void>;
}
