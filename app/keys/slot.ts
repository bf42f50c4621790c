import type { KeyObject } from 'node:crypto';

/**
 * A slot is the unit of erasure: one random key a data subject, in generations. The slot keys of one tenant lie in
 * blocks of 1,024, outside every backup. Slots 0 to 15 belong to the system, users start at 16 (`users.slot`, from a
 * database sequence, never reused).
 */
export interface SlotKey {
  readonly tenantId: string;
  readonly slot: number;
  readonly generation: number;
  readonly key: KeyObject;
}

/** Who opens a sealed value needs the slot and generation that its header names. Throws `KeyError`. */
export interface SlotKeys {
  /** @default generation the newest one */
  slotKey(slot: number, generation?: number): SlotKey;
}

export const SLOTS = {
  /** Content of the whole tenant: nobody's own. */
  tenant: 0,
  /** Pepper of API keys, row MACs, cursors, and the audit log's signing key. */
  authentication: 1,
  actors: 2,
  backups: 3,
  firstUser: 16,
} as const;

export const SLOTS_IN_BLOCK = 1024;

/** The next block is made when a quarter of the last one is free, so that a new user never waits for it. */
export const FREE_SLOTS_BEFORE_NEXT_BLOCK = SLOTS_IN_BLOCK / 4;

/** Slots are u48 in a sealed value, but a block number is u32. */
export const LAST_SLOT = 2 ** 32 * SLOTS_IN_BLOCK - 1;

export const blockOfSlot = (slot: number): number => Math.floor(slot / SLOTS_IN_BLOCK);

export const isSlot = (slot: number): boolean => Number.isSafeInteger(slot) && slot >= 0 && slot <= LAST_SLOT;
