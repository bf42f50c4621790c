import type { Queryable } from '../db/pool.js';
import type { Vault } from '../tenancy/vault.js';

/** The file of a transfer that a job works on: sealed pieces in the database, gone a day later. */
export interface FileOwner {
  readonly slot: number;
  readonly userRef: string | null;
}

/** Small enough to seal and to send at once. */
const PART_CHARACTERS = 1_000_000;

const placeOf = (slot: number, transfer: string, n: number) => ({
  slot,
  table: 'transfer_parts',
  rowId: transfer,
  version: n,
});

export interface PartWriter {
  write(text: string): Promise<void>;
  /** How many bytes there were. */
  end(): Promise<number>;
}

/** From the beginning: what an interrupted attempt left is replaced. */
export const openPartWriter = async (
  db: Queryable,
  vault: Vault,
  transfer: string,
  { slot, userRef }: FileOwner,
): Promise<PartWriter> => {
  await db.query('DELETE FROM transfer_parts WHERE transfer = $1', [transfer]);
  let waiting = '';
  let n = 0;
  let bytes = 0;
  const flush = async (): Promise<void> => {
    if (waiting === '') return;
    n++;
    await vault.prepare([slot]);
    await db.query('INSERT INTO transfer_parts (transfer, n, slot, user_ref, sealed) VALUES ($1, $2, $3, $4, $5)', [
      ...[transfer, n, slot, userRef],
      vault.sealJson(placeOf(slot, transfer, n), waiting),
    ]);
    bytes += Buffer.byteLength(waiting);
    waiting = '';
  };
  return {
    write: async (text) => {
      for (let at = 0; at < text.length; at += PART_CHARACTERS) {
        waiting += text.slice(at, at + PART_CHARACTERS);
        if (waiting.length >= PART_CHARACTERS) await flush();
      }
    },
    end: async () => {
      await flush();
      return bytes;
    },
  };
};

interface PartRow {
  readonly n: number;
  readonly slot: number;
  readonly user_ref: string | null;
  readonly sealed: Buffer;
}

const selectPart = async (db: Queryable, transfer: string, n: number): Promise<PartRow | undefined> => {
  const { rows } = await db.query<PartRow>(
    'SELECT n, slot, user_ref, sealed FROM transfer_parts WHERE transfer = $1 AND n = $2',
    [transfer, n],
  );
  return rows[0];
};

/** Whose the file is; `undefined` when there is none, or none any more. */
export const findFile = async (db: Queryable, transfer: string): Promise<FileOwner | undefined> => {
  const part = await selectPart(db, transfer, 1);
  return part && { slot: part.slot, userRef: part.user_ref };
};

export async function* readFile(db: Queryable, vault: Vault, transfer: string): AsyncGenerator<string> {
  for (let n = 1; ; n++) {
    const part = await selectPart(db, transfer, n);
    if (!part) return;
    await vault.prepare([part.slot]);
    yield vault.openJson(placeOf(part.slot, transfer, n), part.sealed) as string;
  }
}

export const deleteFile = async (db: Queryable, transfer: string): Promise<void> => {
  await db.query('DELETE FROM transfer_parts WHERE transfer = $1', [transfer]);
};

export const deleteOldFiles = async (db: Queryable): Promise<void> => {
  await db.query(`DELETE FROM transfer_parts WHERE created_at < now() - interval '1 day'`);
};
