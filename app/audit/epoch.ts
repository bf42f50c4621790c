import { type Database, inTransaction } from '../db/pool.js';
import type { RecorderDeps } from './recorder.js';
import { recordEvent, SYSTEM } from './recorder.js';
import { selectKeyringEpoch } from './store.js';

/**
 * The lowest epoch that the keyring may have, before it is opened. A database that is away, or not migrated yet, knows of
 * none: the service starts, and the recorder looks again at each change.
 */
export const selectKeyringFloor = async (
  db: Database,
  log: { warn(fields: object, message: string): void },
): Promise<number> => {
  try {
    return await selectKeyringEpoch(db);
  } catch (err) {
    log.warn({ err }, 'the audit log could not be asked for the lowest epoch of the keyring');
    return 0;
  }
};

/** Writes down the keyring's epoch when it has grown, so that an older keyring that is put back can be told. */
export const createEpochRecorder = (deps: RecorderDeps & { readonly db: Database }): (() => Promise<void>) => {
  let known: number | undefined;
  return async () => {
    const { db, vault } = deps;
    const epoch = vault.epoch();
    if (known !== undefined && known >= epoch) return;
    known = await selectKeyringEpoch(db);
    if (known >= epoch) return;
    const resource = { kind: 'keyring', id: vault.logSigner().vkey.split('+')[1] ?? '', version: epoch };
    await inTransaction(db, (transaction) =>
      recordEvent(deps, transaction, { type: 'keys.epoch', resource, actor: SYSTEM, request: null }),
    );
    known = epoch;
  };
};
