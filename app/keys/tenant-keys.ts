import type { Block, BlockSlot } from './block.js';
import { newBlock } from './block.js';
import { BlockCache, type CachedBlock } from './block-cache.js';
import { PreconditionFailed } from './bucket.js';
import { openCompleteKeyring } from './complete-keyring.js';
import { type DestroyedKey, destroyInBlock } from './destroy-slot.js';
import { blockInvalid, isKeyError, KeyError, keyringInvalid, keyUnavailable, slotDestroyed } from './errors.js';
import { blockName, keyringName } from './keyring.js';
import {
  type Committed,
  commitBlock,
  committedBlock,
  confirmKey,
  type KeyringPlace,
  type OpenKeyring,
  putBlock,
  readKeyring,
  retrying,
} from './keyring-store.js';
import { openKeyringLog, type TenantLogKey } from './log-key.js';
import { abandonedBlock, adoptOffer, blocksToReseal, dropOldKeks } from './rotate-kek.js';
import {
  blockOfSlot,
  FREE_SLOTS_BEFORE_NEXT_BLOCK,
  isSlot,
  SLOTS,
  SLOTS_IN_BLOCK,
  type SlotKey,
  type SlotKeys,
} from './slot.js';

export type { TenantLogKey } from './log-key.js';

export interface TenantKeys extends SlotKeys {
  readonly tenantId: string;
  /** Grows with every change of the keyring. A pod acknowledges an erasure by showing at least its epoch. */
  readonly epoch: number;
  /**
   * The key of a slot whose block is in memory; the newest generation when none is named.
   * Throws `KeyError` `KeyUnavailable` (`await ensureSlot(slot)` first) or `SlotDestroyed`.
   */
  slotKey(slot: number, generation?: number): SlotKey;
  /** Loads the slot's block, or makes it, and the next one in time. Costs nothing when the key is in memory. */
  ensureSlot(slot: number): Promise<SlotKey>;
  /** Whether the slot's key, or the word that it was destroyed, is in memory and its use is known: nothing to wait for. */
  holds(slot: number): boolean;
  /** The same for many, as before opening a page of rows of several users. Destroyed slots are left out. */
  ensureSlots(slots: Iterable<number>): Promise<ReadonlyMap<number, SlotKey>>;
  /** Destroys all generations of a user's key: what it sealed is unreadable from here on. Idempotent. */
  destroySlot(slot: number): Promise<DestroyedSlot>;
  /** Reads the keyring again: destroyed keys leave memory, a lower epoch is refused (`KeyringRolledBack`). */
  refresh(): Promise<void>;
  /** Throws when the KMS is away, or gives the tenant key no more. What is open stays open. */
  confirm(): Promise<void>;
  logKey(): TenantLogKey;
  /** Takes up a tenant key that the operator offers, and brings the blocks under it; goes on where another left off. */
  followRotation(): Promise<KekRotation>;
}

export interface KekRotation {
  /** The generation that is active now. */
  readonly gen: number;
  /** Blocks that were sealed anew. */
  readonly resealed: number;
  /** Older generations that are still kept. */
  readonly kept: readonly number[];
}

/** For the erasure certificate. `keys` is empty when the slot had been destroyed before. */
export interface DestroyedSlot {
  readonly slot: number;
  readonly keys: readonly DestroyedKey[];
  readonly epochBefore: number;
  readonly epochAfter: number;
}

export interface KeyLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface OpenTenantKeys extends KeyringPlace {
  /** The highest epoch the audit log knows; a keyring below it is refused. @default 0 */
  readonly minimumEpoch?: number;
  /** Blocks of 1,024 keys (about 1 MB each) kept in memory. @default 32 */
  readonly blocksInMemory?: number;
  readonly log?: KeyLog;
  /** How long an older tenant key is kept after the last block left it: for a replica that is slow. @default 3600000 */
  readonly keepOldKeysMs?: number;
}

/** Opens the tenant's keyring, completing it at the tenant's first start. */
export async function openTenantKeys(options: OpenTenantKeys): Promise<TenantKeys> {
  const opened = await openCompleteKeyring(options, options.minimumEpoch ?? 0);
  const keys = new KeyringKeys(options, opened);
  await keys.ensureSlot(SLOTS.authentication);
  keys.logKey();
  options.log?.info({ epoch: keys.epoch, blocks: opened.keyring.blocks.length }, 'keyring opened');
  return keys;
}

/** A sequence that runs this far ahead of the keyring is no burst of new users but a mistake. */
const MOST_BLOCKS_AHEAD = 64;

const KEEP_OLD_KEYS_MS = 3_600_000;

class KeyringKeys implements TenantKeys {
  readonly tenantId: string;
  readonly #place: KeyringPlace;
  readonly #log: KeyLog | undefined;
  readonly #blocks: BlockCache;
  /** Free slots handed out since their block was last written. */
  readonly #used = new Set<number>();
  #opened: OpenKeyring;
  #logKey: TenantLogKey | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #makingNext = false;
  readonly #keepOldKeysMs: number;
  #unneededSince: { readonly gen: number; readonly at: number } | undefined;

  constructor(options: OpenTenantKeys, opened: OpenKeyring) {
    this.tenantId = options.tenantId;
    this.#place = options;
    this.#log = options.log;
    this.#blocks = new BlockCache(options.blocksInMemory ?? 32);
    this.#opened = opened;
    this.#keepOldKeysMs = options.keepOldKeysMs ?? KEEP_OLD_KEYS_MS;
  }

  get epoch(): number {
    return this.#opened.keyring.epoch;
  }

  slotKey(slot: number, generation?: number): SlotKey {
    const found = this.#cached(slot);
    if (found === undefined) throw keyUnavailable(slot, 'its block is not in memory', 'await ensureSlot(slot) first');
    const newest = found.keys.at(-1);
    if (newest === undefined) throw slotDestroyed(slot);
    if (generation === undefined) return { tenantId: this.tenantId, slot, ...newest };
    const wanted = found.keys.find((one) => one.generation === generation);
    if (wanted !== undefined) return { tenantId: this.tenantId, slot, ...wanted };
    if (generation < newest.generation) throw slotDestroyed(slot, generation);
    throw keyUnavailable(slot, `generation ${generation} is newer than what this pod knows`, 'await refresh()');
  }

  async ensureSlot(slot: number): Promise<SlotKey> {
    if (!isSlot(slot)) throw keyUnavailable(slot, 'it is no slot', 'pass users.slot as it is');
    const key = this.#cached(slot) === undefined ? await this.#loadSlot(slot) : this.slotKey(slot);
    if (this.#cached(slot)?.state === 'free') this.#used.add(slot);
    this.#makeNextBlockInTime(slot);
    return key;
  }

  holds(slot: number): boolean {
    const found = this.#cached(slot);
    return found !== undefined && (found.state !== 'free' || this.#used.has(slot));
  }

  async ensureSlots(slots: Iterable<number>): Promise<ReadonlyMap<number, SlotKey>> {
    const keys = new Map<number, SlotKey>();
    for (const slot of slots) {
      try {
        keys.set(slot, await this.ensureSlot(slot));
      } catch (error) {
        if (!isKeyError(error, 'SlotDestroyed')) throw error;
      }
    }
    return keys;
  }

  async destroySlot(slot: number): Promise<DestroyedSlot> {
    if (!isSlot(slot) || slot < SLOTS.firstUser) {
      throw new KeyError(
        'SlotReserved',
        `slot ${slot} is not a user's`,
        `pass users.slot, ${SLOTS.firstUser} or above; a whole tenant is erased by the operator`,
      );
    }
    return this.#exclusive(async () => {
      const n = blockOfSlot(slot);
      if (this.#blocks.get(n) === undefined) await this.#load(n);
      const epochBefore = this.epoch;
      let keys: readonly DestroyedKey[] = [];
      await this.#change(n, (block) => {
        const destroyed = destroyInBlock(block, slot);
        keys = destroyed?.keys ?? [];
        return destroyed?.slots;
      });
      this.#log?.info({ slot, epoch: this.epoch }, 'slot destroyed');
      return { slot, keys, epochBefore, epochAfter: this.epoch };
    });
  }

  refresh(): Promise<void> {
    return this.#exclusive(async () => {
      const opened = await readKeyring(this.#place, this.epoch, this.#opened);
      if (opened === this.#opened) return;
      await this.#reload(opened);
      this.#log?.info({ epoch: this.epoch }, 'keyring refreshed');
    });
  }

  confirm(): Promise<void> {
    return confirmKey(this.#place, this.#opened);
  }

  async followRotation(): Promise<KekRotation> {
    await this.#rewrite((opened) => adoptOffer(this.#place, opened), 'tenant key adopted');
    const left = blocksToReseal(this.#opened);
    // One turn each: whoever waits for a key in the meantime gets it in between.
    for (const n of left) await this.#exclusive(() => this.#reseal(n));
    if (this.#isTimeToDrop())
      await this.#rewrite((opened) => dropOldKeks(this.#place, opened), 'old tenant keys dropped');
    const { active, keyring } = this.#opened;
    const kept = keyring.keks.map(({ gen }) => gen).filter((gen) => gen !== active.gen);
    return { gen: active.gen, resealed: left.length, kept };
  }

  #reseal(n: number): Promise<void> {
    return this.#change(n, (block) => (block.kekGen === this.#opened.active.gen ? undefined : block.slots));
  }

  #rewrite(change: (opened: OpenKeyring) => Promise<OpenKeyring>, words: string): Promise<void> {
    return this.#exclusive(() =>
      retrying(this.#place, async () => {
        const opened = await readKeyring(this.#place, this.epoch, this.#opened);
        const changed = await change(opened);
        await this.#reload(changed);
        if (changed !== opened) this.#log?.info({ gen: changed.active.gen, epoch: this.epoch }, words);
      }),
    );
  }

  #isTimeToDrop(): boolean {
    const { active, keyring } = this.#opened;
    if (keyring.keks.length === 1 || blocksToReseal(this.#opened).length > 0) return false;
    if (this.#unneededSince?.gen !== active.gen) this.#unneededSince = { gen: active.gen, at: Date.now() };
    return Date.now() - this.#unneededSince.at >= this.#keepOldKeysMs;
  }

  logKey(): TenantLogKey {
    const { log } = this.#opened.keyring;
    const name = keyringName(this.#place.namespace, this.tenantId);
    if (log === null) throw keyringInvalid(name, ['it has no log key']);
    this.#logKey ??= openKeyringLog(this, this.tenantId, log);
    if (this.#logKey === undefined) throw keyringInvalid(name, ['log.vkey is not the key that log.sealed holds']);
    return this.#logKey;
  }

  #cached(slot: number): BlockSlot | undefined {
    return this.#blocks.get(blockOfSlot(slot))?.block.slots.get(slot);
  }

  /** Brings what is in memory to the state of `opened`: afterwards no destroyed key is left there. */
  async #reload(opened: OpenKeyring): Promise<void> {
    let current = opened;
    const fresh = new Map<number, CachedBlock>();
    for (const n of this.#blocks.stale((one) => opened.keyring.blocks[one]?.sha256)) {
      const found = await committedBlock(this.#place, current, n);
      if (found === undefined) throw blockInvalid(blockName(this.#place.namespace, this.tenantId, n), 'it is missing');
      current = found.opened;
      fresh.set(n, found);
    }
    this.#opened = current;
    for (const [n, { block, sha256 }] of fresh) this.#blocks.set(n, { block, sha256 });
  }

  #loadSlot(slot: number): Promise<SlotKey> {
    return this.#exclusive(async () => {
      await this.#load(blockOfSlot(slot));
      return this.slotKey(slot);
    });
  }

  /** Loads block n; makes it, and those before it, when the keyring has none. */
  async #load(n: number): Promise<void> {
    if (this.#blocks.get(n) !== undefined) return;
    if (n >= this.#opened.keyring.blocks.length) {
      await this.#reload(await readKeyring(this.#place, this.epoch, this.#opened));
      const known = this.#opened.keyring.blocks.length;
      if (n >= known + MOST_BLOCKS_AHEAD) {
        throw keyUnavailable(n * SLOTS_IN_BLOCK, `the keyring has ${known} blocks`, 'check the sequence of users.slot');
      }
    }
    while (n >= this.#opened.keyring.blocks.length) await this.#make(this.#opened.keyring.blocks.length);
    if (this.#blocks.get(n) === undefined) await this.#change(n, () => undefined);
  }

  #makeNextBlockInTime(slot: number): void {
    const known = this.#opened.keyring.blocks.length;
    if (this.#makingNext || slot < known * SLOTS_IN_BLOCK - FREE_SLOTS_BEFORE_NEXT_BLOCK) return;
    this.#makingNext = true;
    // Nobody waits for it: whoever needs the block before it is there makes it, and meets the error, in ensureSlot.
    this.#exclusive(() => this.#load(known))
      .catch((error: unknown) => this.#log?.warn({ err: error, block: known }, 'the next key block was not made'))
      .finally(() => {
        this.#makingNext = false;
      });
  }

  async #make(n: number): Promise<void> {
    const header = { tenantId: this.tenantId, n, epoch: this.epoch + 1, kekGen: this.#opened.active.gen };
    const put = async (over?: string): Promise<void> => {
      const stored = await putBlock(this.#place, this.#opened, newBlock(header), over);
      await this.#remember(n, { ...stored, opened: await commitBlock(this.#place, this.#opened, stored) });
    };
    try {
      await put();
    } catch (error) {
      if (!(error instanceof PreconditionFailed)) throw error;
      const abandoned = await abandonedBlock(this.#place, this.#opened, n);
      if (abandoned !== undefined) return put(abandoned);
      // A replica made it first: take theirs.
      await this.#change(n, () => undefined);
    }
  }

  /** Reads the block as it is now, puts it changed, and remembers it; `undefined` from `change` leaves it as it is. */
  async #change(n: number, change: (block: Block) => ReadonlyMap<number, BlockSlot> | undefined): Promise<void> {
    await retrying(this.#place, async () => {
      const opened = await readKeyring(this.#place, this.epoch, this.#opened);
      const found = await committedBlock(this.#place, opened, n);
      if (found === undefined) throw blockInvalid(blockName(this.#place.namespace, this.tenantId, n), 'it is missing');
      const slots = change(found.block);
      if (slots === undefined) return this.#remember(n, found);
      const block: Block = {
        ...found.block,
        slots: this.#recordUses(slots),
        epoch: Math.max(found.opened.keyring.epoch, found.block.epoch) + 1,
        kekGen: found.opened.active.gen,
      };
      const stored = await putBlock(this.#place, found.opened, block, found.etag);
      await this.#remember(n, { ...stored, opened: await commitBlock(this.#place, found.opened, stored) });
      for (const slot of this.#used) if (blockOfSlot(slot) === n) this.#used.delete(slot);
    });
  }

  #recordUses(slots: ReadonlyMap<number, BlockSlot>): ReadonlyMap<number, BlockSlot> {
    return new Map(
      [...slots].map(([slot, found]) => {
        const used = found.state === 'free' && this.#used.has(slot);
        return [slot, used ? { ...found, state: 'live' as const } : found];
      }),
    );
  }

  /**
   * Remembers block n, and whatever else changed with the keyring that was read on the way: our epoch tells that every
   * key destroyed up to it has left memory, also those that a replica destroyed.
   */
  async #remember(n: number, { block, sha256, opened }: Committed): Promise<void> {
    this.#blocks.set(n, { block, sha256 });
    await this.#reload(opened);
  }

  /** One change at a time within this process; between processes the conditional puts decide. */
  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work, work);
    this.#last = result.catch(() => undefined);
    return result;
  }
}
