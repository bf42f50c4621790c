import type { KeyObject } from 'node:crypto';
import type { KeyBucket } from './bucket.js';
import type { Kms } from './kms.js';
import type { SlotKey, SlotKeys } from './slot.js';

/** The audit log's signing key, kept sealed in the keyring; `vkey` is a C2SP signed-note verifier key. */
export interface TenantLogKey {
  readonly origin: string;
  readonly vkey: string;
  readonly privateKey: KeyObject;
}

export interface TenantKeys extends SlotKeys {
  readonly tenantId: string;
  /** Grows with every change of the keyring. A pod acknowledges an erasure by showing at least its epoch. */
  readonly epoch: number;
  /**
   * The key of a slot that is in memory already; the newest generation when none is named.
   * Throws `KeyError` `KeyUnavailable` (its block is not loaded: `await ensureSlot(slot)` first) or `SlotDestroyed`.
   */
  slotKey(slot: number, generation?: number): SlotKey;
  /** Loads the slot's block, or makes it, and the next one in time. Cheap when the key is in memory. */
  ensureSlot(slot: number): Promise<SlotKey>;
  /** The same for many, e.g. before opening a page of rows of several users. Destroyed slots are left out. */
  ensureSlots(slots: Iterable<number>): Promise<ReadonlyMap<number, SlotKey>>;
  /** Destroys all generations of a user's key; what it sealed is unreadable from here on. Idempotent. */
  destroySlot(slot: number): Promise<DestroyedSlot>;
  /** Reads the keyring again: destroyed keys leave memory, a lower epoch is refused (`KeyringRolledBack`). */
  refresh(): Promise<void>;
  logKey(): TenantLogKey;
}

export interface DestroyedSlot {
  readonly slot: number;
  readonly generations: readonly number[];
  readonly epochBefore: number;
  readonly epochAfter: number;
}

export interface KeyLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface OpenTenantKeys {
  readonly tenantId: string;
  /** The tenant's namespace, `mem-<name>`. */
  readonly namespace: string;
  /** A pod has no right to list or delete, so it gets no such verb. */
  readonly bucket: Pick<KeyBucket, 'get' | 'put'>;
  readonly kms: Kms;
  /** The highest epoch the audit log knows; a keyring below it is refused. @default 0 */
  readonly minimumEpoch?: number;
  /** Blocks of 1,024 keys (about 1 MB each) kept in memory. @default 32 */
  readonly blocksInMemory?: number;
  readonly log?: KeyLog;
}

/** Opens the tenant's keyring, completing it at the tenant's first start. */
export function openTenantKeys(_options: OpenTenantKeys): Promise<TenantKeys> {
  throw new Error('to come');
}
