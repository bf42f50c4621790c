import type { Principal } from '../access/principal.js';
import type { AuditTrail } from '../audit/trail.js';
import type { Cache } from '../cache/cache.js';
import type { Step } from '../db/flight.js';
import type { Database } from '../db/pool.js';
import type { Policies } from '../policies/schema.js';
import type { QuarantineReason } from '../reviews/quarantine.js';
import type { People } from '../tenancy/people.js';
import type { Vault } from '../tenancy/vault.js';
import type { PlannedDraft } from './plan.js';
import type { Quotas } from './quota.js';
import type { RowMarks } from './row-mac.js';
import type { NewMemoryRow, NewVectorRow } from './rows.js';
import type { Channel } from './trust.js';

export interface WriteContext {
  readonly db: Database;
  readonly group: GroupWriter;
  readonly vault: Vault;
  readonly people: People;
  readonly principal: Principal;
  /** By which way the drafts came in. */
  readonly channel: Channel;
  readonly policies: Policies;
  readonly quotas: Quotas;
  readonly audit: AuditTrail;
  readonly cache: Cache;
  /** The event that will tell of all that is written. */
  readonly auditEvent: string;
  readonly newId: () => string;
  readonly marks: RowMarks;
  readonly model: string;
  /** Whether this service makes vectors for what comes without one. */
  readonly embeds: boolean;
  readonly now: Date;
}

export interface PreparedRow {
  readonly planned: PlannedDraft;
  /** Why it waits for a review; empty when it does not. */
  readonly quarantine: readonly QuarantineReason[];
  readonly row: NewMemoryRow;
  /** What the audit log holds of it. */
  readonly commit: Buffer;
  readonly vector: NewVectorRow | null;
}

/** New memories that one caller writes, and the statements that must be committed with them or not at all. */
export interface Unit {
  readonly context: WriteContext;
  readonly rows: readonly PreparedRow[];
  readonly beside: readonly Step[];
}

/**
 * Writes in one round trip what nothing stands against: that nothing does is asked of the database in the same transaction,
 * whose every statement fails where it does not hold. Units that come while a transaction is under way share the next one,
 * and with it the disk. False when nothing was written: whoever is told so looks at what stands against it.
 */
export interface GroupWriter {
  write(unit: Unit): Promise<boolean>;
}
