import type { Step } from '../db/flight.js';
import type { Queryable } from '../db/pool.js';

export interface Claim {
  readonly token: Buffer;
  readonly fingerprint: Buffer;
  readonly claim: string;
}

export interface StoredAnswer {
  readonly fingerprint: Buffer;
  readonly claim: string;
  readonly slot: number | null;
  readonly sealed_answer: Buffer | null;
}

/** True when the key is free, has expired, or was held by somebody who died with it. */
export const insertClaim = async (db: Queryable, claim: Claim, leaseSeconds: number): Promise<boolean> => {
  const { rowCount } = await db.query(
    `INSERT INTO idempotency AS known (token, fingerprint, claim, claimed_until, expires_at)
     VALUES ($1, $2, $3, now() + $4 * interval '1 second', now() + interval '24 hours')
     ON CONFLICT (token) DO UPDATE SET fingerprint = EXCLUDED.fingerprint, claim = EXCLUDED.claim,
       claimed_until = EXCLUDED.claimed_until, expires_at = EXCLUDED.expires_at, slot = NULL, sealed_answer = NULL
     WHERE known.expires_at <= now() OR (known.sealed_answer IS NULL AND known.claimed_until <= now())`,
    [claim.token, claim.fingerprint, claim.claim, leaseSeconds],
  );
  return rowCount === 1;
};

/** Whoever is writing its answer now holds the row, and needs no more time. A claim that was lost is not had again. */
export const extendClaims = async (db: Queryable, claims: readonly Claim[], leaseSeconds: number): Promise<void> => {
  await db.query(
    `UPDATE idempotency AS known SET claimed_until = now() + $2 * interval '1 second'
     FROM (SELECT token FROM idempotency WHERE claim = ANY ($1::uuid[]) AND sealed_answer IS NULL AND token = ANY ($3::bytea[])
           FOR UPDATE SKIP LOCKED) AS mine
     WHERE known.token = mine.token`,
    [claims.map(({ claim }) => claim), leaseSeconds, claims.map(({ token }) => token)],
  );
};

export const selectAnswer = async (db: Queryable, token: Buffer): Promise<StoredAnswer | undefined> => {
  const { rows } = await db.query<StoredAnswer>(
    'SELECT fingerprint, claim, slot, sealed_answer FROM idempotency WHERE token = $1',
    [token],
  );
  return rows[0];
};

/** Fails with `CLAIM_LOST` when somebody else holds the key by now: then nothing of this request may be committed. */
export const answerStep = (claim: Claim, slot: number, sealed: Buffer): Required<Pick<Step, 'text' | 'values'>> => ({
  // One divided by the number of rows: a statement that travels with others has to fail by itself.
  text: `WITH kept AS (
      UPDATE idempotency SET slot = $3, sealed_answer = $4, expires_at = now() + interval '24 hours'
      WHERE token = $1 AND claim = $2 AND sealed_answer IS NULL RETURNING 1
    ) SELECT 1 / count(*) AS kept FROM kept`,
  values: [claim.token, claim.claim, slot, sealed],
});

/** Division by zero. */
export const CLAIM_LOST = '22012';

/** Gives a key back whose request had no effect. What has an answer stays. */
export const deleteClaim = async (db: Queryable, { token, claim }: Claim): Promise<void> => {
  await db.query('DELETE FROM idempotency WHERE token = $1 AND claim = $2 AND sealed_answer IS NULL', [token, claim]);
};

export const deleteOldAnswers = async (db: Queryable): Promise<void> => {
  await db.query('DELETE FROM idempotency WHERE expires_at < now()');
};
