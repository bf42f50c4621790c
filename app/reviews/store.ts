import type { Queryable } from '../db/pool.js';

/** Stored as positions: new ones go to the end. */
export const KINDS = ['quarantine', 'promotion', 'curation'] as const;
export const REVIEW_STATUSES = ['pending', 'approved', 'rejected'] as const;
export type ReviewKind = (typeof KINDS)[number];

export interface NewReview {
  readonly id: string;
  readonly kind: ReviewKind;
  readonly memory_id: string;
  readonly slot: number;
  readonly reasons: readonly string[];
  readonly sealed_detail: Buffer | null;
  readonly requested_by: string;
  readonly requester_ref: string | null;
  readonly created_at: Date;
}

export interface ReviewRow extends Omit<NewReview, 'kind'> {
  readonly kind: number;
  readonly status: number;
  readonly decided_by: string | null;
  readonly decided_at: Date | null;
  readonly sealed_decision: Buffer | null;
}

export const insertReviews = async (db: Queryable, reviews: readonly NewReview[]): Promise<void> => {
  for (const review of reviews) {
    await db.query(
      `INSERT INTO reviews (id, kind, memory_id, slot, reasons, sealed_detail, requested_by, requester_ref, created_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [
        review.id,
        KINDS.indexOf(review.kind),
        review.memory_id,
        review.slot,
        review.reasons,
        review.sealed_detail,
        review.requested_by,
        review.requester_ref,
        review.created_at,
      ],
    );
  }
};

export interface ReviewPage {
  readonly status: number | null;
  readonly after: { readonly createdAt: string; readonly id: string } | null;
  readonly limit: number;
}

/** Oldest first: what has waited longest is looked at first. */
export const selectReviews = async (db: Queryable, page: ReviewPage): Promise<readonly ReviewRow[]> => {
  const { rows } = await db.query<ReviewRow>(
    `SELECT * FROM reviews
     WHERE ($1::smallint IS NULL OR status = $1)
       AND ($2::timestamptz IS NULL OR (date_trunc('milliseconds', created_at), id) > ($2, $3::uuid))
     ORDER BY created_at, id LIMIT $4`,
    [page.status, page.after?.createdAt ?? null, page.after?.id ?? null, page.limit],
  );
  return rows;
};

export const countReviews = async (db: Queryable, status: number | null): Promise<number> => {
  const { rows } = await db.query<{ count: number }>(
    'SELECT count(*) AS count FROM reviews WHERE $1::smallint IS NULL OR status = $1',
    [status],
  );
  return rows[0]?.count ?? 0;
};

export const lockReview = async (db: Queryable, id: string): Promise<ReviewRow | undefined> => {
  const { rows } = await db.query<ReviewRow>('SELECT * FROM reviews WHERE id = $1 FOR UPDATE', [id]);
  return rows[0];
};

export const selectReview = async (db: Queryable, id: string): Promise<ReviewRow | undefined> => {
  const { rows } = await db.query<ReviewRow>('SELECT * FROM reviews WHERE id = $1', [id]);
  return rows[0];
};

export const selectPendingReview = async (
  db: Queryable,
  memoryId: string,
  kind: ReviewKind,
): Promise<string | undefined> => {
  const { rows } = await db.query<{ id: string }>(
    'SELECT id FROM reviews WHERE memory_id = $1 AND kind = $2 AND status = 0',
    [memoryId, KINDS.indexOf(kind)],
  );
  return rows[0]?.id;
};

export const decideReview = async (
  db: Queryable,
  id: string,
  decision: { readonly status: number; readonly by: string; readonly at: Date; readonly sealed: Buffer | null },
): Promise<void> => {
  await db.query(
    'UPDATE reviews SET status = $2, decided_by = $3, decided_at = $4, sealed_decision = $5 WHERE id = $1',
    [id, decision.status, decision.by, decision.at, decision.sealed],
  );
};

/** A memory that went by other ways needs no decision any more. */
export const closeReviews = async (
  db: Queryable,
  memoryIds: readonly string[],
  by: string | null,
  at: Date,
): Promise<void> => {
  await db.query(
    'UPDATE reviews SET status = 2, decided_by = $2, decided_at = $3 WHERE status = 0 AND memory_id = ANY ($1::uuid[])',
    [memoryIds, by, at],
  );
};
