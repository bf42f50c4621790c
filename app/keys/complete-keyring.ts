import { bearWhenEmpty, bringHome } from './bear-kek.js';
import { newBlock } from './block.js';
import { PreconditionFailed } from './bucket.js';
import { blockInvalid, keyringRolledBack } from './errors.js';
import { blockName, keyringName } from './keyring.js';
import { keyCheckValue } from './keyring-mac.js';
import {
  type KeyringPlace,
  keyOfGen,
  type OpenKeyring,
  putBlock,
  putKeyring,
  readBlock,
  readKeyring,
  retrying,
  type StoredBlock,
} from './keyring-store.js';
import { newKeyringLog } from './log-key.js';
import { SLOTS } from './slot.js';

const FIRST_EPOCH = 1;

/**
 * Makes a keyring out of what the operator bore: check value, block 0, log key, MAC, epoch 1. Replicas may race and any
 * of them may die: the first block 0 that is put is everybody's, and the first keyring that names it wins.
 */
export async function openCompleteKeyring(place: KeyringPlace, minimumEpoch: number): Promise<OpenKeyring> {
  return retrying(place, async () => {
    await bearWhenEmpty(place, minimumEpoch);
    const found = await readKeyring(place, minimumEpoch);
    const opened = await bringHome(place, found);
    const { mac: _, ...keyring } = opened.keyring;
    if (keyring.epoch === 0) return complete(place, opened);
    return opened === found ? found : putKeyring(place, opened, { ...keyring, epoch: keyring.epoch + 1 });
  });
}

async function complete(place: KeyringPlace, opened: OpenKeyring): Promise<OpenKeyring> {
  const { block, sha256 } = await firstBlock(place, opened);
  const key = block.slots.get(SLOTS.authentication)?.keys[0];
  if (key === undefined) {
    throw blockInvalid(blockName(place.namespace, place.tenantId, 0), 'it has no key for slot 1');
  }
  const { tenantId } = place;
  const { mac: _, ...born } = opened.keyring;
  return putKeyring(place, opened, {
    ...born,
    epoch: FIRST_EPOCH,
    keks: born.keks.map((kek) => ({ ...kek, kcv: keyCheckValue(keyOfGen(opened, kek.gen)) })),
    blocks: [{ n: 0, epoch: block.epoch, kekGen: block.kekGen, sha256 }],
    log: newKeyringLog({ tenantId, slot: SLOTS.authentication, ...key }),
  });
}

/** A block 0 that is there already was put by a replica, now or before a crash. Above epoch 1 it had a keyring once. */
async function firstBlock(place: KeyringPlace, opened: OpenKeyring): Promise<StoredBlock> {
  try {
    const header = { tenantId: place.tenantId, n: 0, epoch: FIRST_EPOCH, kekGen: opened.active.gen };
    return await putBlock(place, opened, newBlock(header), undefined);
  } catch (error) {
    if (!(error instanceof PreconditionFailed)) throw error;
    const found = await readBlock(place, opened, 0);
    if (found === undefined) throw error;
    if (found.block.epoch === FIRST_EPOCH) return found;
    throw keyringRolledBack(keyringName(place.namespace, place.tenantId), 0, found.block.epoch);
  }
}
