import type { Queryable } from '../db/pool.js';

export const HELD = 0;
export const RUNNING = 1;
export const COMPLETED = 2;
export const FINAL = 3;
export const ERASURE_STATUSES = ['held', 'running', 'completed', 'final'] as const;

/** What the certificate will be made of: counts, times, names of keys; nothing personal. */
export interface ErasureFacts {
  readonly holdsChecked?: readonly string[];
  readonly keys?: {
    readonly slot: number;
    readonly destroyed: readonly { readonly generation: number; readonly kcv: string }[];
    readonly epochBefore: number;
    readonly epochAfter: number;
    readonly at: string;
  };
  readonly podsAcked?: number;
  readonly apiKeys?: number;
  readonly rows?: Readonly<Record<string, number>>;
  readonly vectors?: number;
  readonly objects?: number;
  readonly cache?: number;
  readonly kept?: number;
  readonly canaries?: { readonly tried: number; readonly opened: number };
  /** The certificate has the log's signature alone, and is to have the plane's. */
  readonly awaitsPlane?: boolean;
  /** The logical certificate, once the final one has taken its place. */
  readonly logical?: string;
}

export interface ErasureRow {
  readonly id: string;
  readonly slot: number;
  readonly user_ref: string;
  readonly token: Buffer | null;
  readonly status: number;
  readonly request_commit: Buffer;
  readonly facts: ErasureFacts;
  readonly certificate: Buffer | null;
  readonly requested_by: string;
  readonly requested_at: Date;
  readonly completed_at: Date | null;
  readonly final_at: Date | null;
}

export type NewErasure = Pick<
  ErasureRow,
  'id' | 'slot' | 'user_ref' | 'token' | 'status' | 'request_commit' | 'requested_by'
>;

export const insertErasure = async (db: Queryable, row: NewErasure): Promise<ErasureRow> => {
  const { rows } = await db.query<ErasureRow>(
    `INSERT INTO erasures (id, slot, user_ref, token, status, request_commit, facts, requested_by, requested_at)
     VALUES ($1, $2, $3, $4, $5, $6, '{}', $7, now()) RETURNING *`,
    [row.id, row.slot, row.user_ref, row.token, row.status, row.request_commit, row.requested_by],
  );
  return rows[0] as ErasureRow;
};

export const selectErasure = async (db: Queryable, id: string): Promise<ErasureRow | undefined> => {
  const { rows } = await db.query<ErasureRow>('SELECT * FROM erasures WHERE id = $1', [id]);
  return rows[0];
};

export const lockErasureOfSlot = async (db: Queryable, slot: number): Promise<ErasureRow | undefined> => {
  const { rows } = await db.query<ErasureRow>('SELECT * FROM erasures WHERE slot = $1 FOR UPDATE', [slot]);
  return rows[0];
};

/** The last one that was asked for by this id, for whoever asks again. */
export const selectErasureByToken = async (db: Queryable, token: Buffer): Promise<ErasureRow | undefined> => {
  const { rows } = await db.query<ErasureRow>(
    'SELECT * FROM erasures WHERE token = $1 ORDER BY requested_at DESC LIMIT 1',
    [token],
  );
  return rows[0];
};

export const updateErasureStatus = async (db: Queryable, id: string, status: number): Promise<void> => {
  await db.query('UPDATE erasures SET status = $2 WHERE id = $1', [id, status]);
};

/** Adds to what is known; a step that is done twice says what the first time said, unless it says more. */
export const mergeErasureFacts = async (db: Queryable, id: string, facts: ErasureFacts): Promise<void> => {
  await db.query('UPDATE erasures SET facts = facts || $2::jsonb WHERE id = $1', [id, JSON.stringify(facts)]);
};

export const completeErasure = async (
  db: Queryable,
  id: string,
  end: { readonly certificate: Buffer; readonly completedAt: Date; readonly finalAt: Date },
): Promise<void> => {
  await db.query(
    `UPDATE erasures SET status = ${COMPLETED}, certificate = $2, completed_at = $3, final_at = $4 WHERE id = $1`,
    [id, end.certificate, end.completedAt, end.finalAt],
  );
};

export const finalizeErasure = async (db: Queryable, id: string, certificate: Buffer): Promise<void> => {
  await db.query(
    `UPDATE erasures SET status = ${FINAL}, token = NULL, certificate = $2,
       facts = facts || jsonb_build_object('logical', encode(certificate, 'base64')) WHERE id = $1`,
    [id, certificate],
  );
};

/** Those whose last deletable copy is gone by now. */
export const lockErasuresToFinalize = async (db: Queryable): Promise<readonly ErasureRow[]> => {
  const { rows } = await db.query<ErasureRow>(
    `SELECT * FROM erasures WHERE status = ${COMPLETED} AND final_at <= now() ORDER BY id LIMIT 100 FOR UPDATE SKIP LOCKED`,
  );
  return rows;
};

/** Those whose certificate waits for the plane's signature. */
export const lockErasuresToSign = async (db: Queryable, id: string | null): Promise<readonly ErasureRow[]> => {
  const { rows } = await db.query<ErasureRow>(
    `SELECT * FROM erasures WHERE facts @> '{"awaitsPlane": true}' AND ($1::uuid IS NULL OR id = $1)
     ORDER BY id LIMIT 100 FOR UPDATE SKIP LOCKED`,
    [id],
  );
  return rows;
};

export const updateCertificate = async (db: Queryable, id: string, certificate: Buffer): Promise<void> => {
  await db.query(`UPDATE erasures SET certificate = $2, facts = facts - 'awaitsPlane' WHERE id = $1`, [
    id,
    certificate,
  ]);
};

/** The person's row tells nothing any more, and nobody finds it: whoever comes back under the same id is somebody new. */
export const blankUser = async (
  db: Queryable,
  ref: string,
  blank: { readonly token: Buffer; readonly mac: Buffer },
): Promise<void> => {
  await db.query(`UPDATE users SET token = $2, sealed_id = '', mac = $3 WHERE ref = $1`, [ref, blank.token, blank.mac]);
};
