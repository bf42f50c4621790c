import type { Queryable } from '../db/pool.js';

export interface WebhookRow {
  readonly id: string;
  readonly sealed: Buffer;
  readonly version: number;
  readonly event_types: readonly string[];
  readonly active: boolean;
  readonly created_by: string;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly mac: Buffer;
}

/** All that its MAC covers. */
export const macFieldsOf = ({ mac: _mac, sealed, created_at, updated_at, ...row }: WebhookRow) => ({
  ...row,
  sealed: sealed.toString('base64'),
  created_at: created_at.toISOString(),
  updated_at: updated_at.toISOString(),
});

export const insertWebhook = async (db: Queryable, row: WebhookRow, after: number): Promise<void> => {
  await db.query(
    `WITH webhook AS (
       INSERT INTO webhooks (id, sealed, version, event_types, active, created_by, created_at, updated_at, mac)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id)
     INSERT INTO webhook_positions (webhook_id, seq) SELECT id, $10 FROM webhook`,
    [...valuesOf(row), after],
  );
};

const valuesOf = (row: WebhookRow): readonly unknown[] => [
  ...[row.id, row.sealed, row.version, row.event_types, row.active],
  ...[row.created_by, row.created_at, row.updated_at, row.mac],
];

export const updateWebhook = async (db: Queryable, row: WebhookRow): Promise<void> => {
  await db.query(
    `UPDATE webhooks SET sealed = $2, version = $3, event_types = $4, active = $5, created_by = $6, created_at = $7,
       updated_at = $8, mac = $9 WHERE id = $1`,
    [...valuesOf(row)],
  );
};

export const selectWebhooks = async (db: Queryable): Promise<readonly WebhookRow[]> => {
  const { rows } = await db.query<WebhookRow>('SELECT * FROM webhooks ORDER BY created_at, id');
  return rows;
};

export const selectWebhook = async (db: Queryable, id: string, lock = false): Promise<WebhookRow | undefined> => {
  const { rows } = await db.query<WebhookRow>(`SELECT * FROM webhooks WHERE id = $1 ${lock ? 'FOR UPDATE' : ''}`, [id]);
  return rows[0];
};

export const deleteWebhook = async (db: Queryable, id: string): Promise<void> => {
  await db.query('DELETE FROM webhooks WHERE id = $1', [id]);
};

export interface Look {
  /** Those to whom not all of the log was shown yet. */
  readonly behind: readonly WebhookRow[];
  readonly isDue: boolean;
}

/** Whether there is anything to do, for all webhooks at once: what an idle service asks again and again. */
export const lookForWork = async (db: Queryable): Promise<Look> => {
  const { rows } = await db.query<WebhookRow & { readonly is_due: boolean }>(
    `WITH due AS (
       SELECT EXISTS (SELECT 1 FROM webhook_deliveries JOIN webhooks ON webhooks.id = webhook_id AND active
                      WHERE status = 0 AND run_at <= now()) AS is_due),
     behind AS (
       SELECT webhooks.* FROM webhooks JOIN webhook_positions ON webhook_id = webhooks.id
       WHERE webhook_positions.seq < (SELECT size - 1 FROM audit_head))
     SELECT behind.*, is_due FROM due LEFT JOIN behind ON true ORDER BY created_at, id`,
  );
  return {
    behind: rows.flatMap(({ is_due: _, ...row }) => (row.id === null ? [] : [row])),
    isDue: rows[0]?.is_due ?? false,
  };
};

/** Locked for the transaction; nothing while another replica is at it. */
export const takeWebhookPosition = async (db: Queryable, id: string): Promise<number | undefined> => {
  const { rows } = await db.query<{ seq: number }>(
    'SELECT seq FROM webhook_positions WHERE webhook_id = $1 FOR UPDATE SKIP LOCKED',
    [id],
  );
  return rows[0]?.seq;
};

export const moveWebhookPosition = async (db: Queryable, id: string, seq: number): Promise<void> => {
  await db.query('UPDATE webhook_positions SET seq = $2 WHERE webhook_id = $1', [id, seq]);
};

export const DELIVERY_STATUSES = ['pending', 'delivered', 'failed'] as const;

export interface DeliveryRow {
  readonly id: string;
  readonly webhook_id: string;
  readonly seq: number;
  readonly type: string;
  readonly status: number;
  readonly attempts: number;
  readonly run_at: Date;
  readonly response: number | null;
  readonly error: string | null;
  readonly created_at: Date;
  readonly finished_at: Date | null;
}

export const insertDeliveries = async (
  db: Queryable,
  webhookId: string,
  rows: readonly { readonly id: string; readonly seq: number; readonly type: string }[],
): Promise<void> => {
  await db.query(
    `INSERT INTO webhook_deliveries (id, webhook_id, seq, type)
     SELECT id, $1, seq, type FROM unnest($2::uuid[], $3::bigint[], $4::text[]) AS due (id, seq, type) ON CONFLICT DO NOTHING`,
    [webhookId, rows.map(({ id }) => id), rows.map(({ seq }) => seq), rows.map(({ type }) => type)],
  );
};

/** Due deliveries for as long as the lease: whoever dies with one leaves it to the next. */
export const claimDeliveries = async (
  db: Queryable,
  limit: number,
  leaseMs: number,
): Promise<readonly DeliveryRow[]> => {
  const { rows } = await db.query<DeliveryRow>(
    `UPDATE webhook_deliveries SET attempts = attempts + 1, run_at = now() + $2 * interval '1 millisecond'
     WHERE id IN (SELECT d.id FROM webhook_deliveries AS d JOIN webhooks ON webhooks.id = webhook_id AND active
                  WHERE status = 0 AND run_at <= now() ORDER BY run_at, d.seq LIMIT $1 FOR UPDATE OF d SKIP LOCKED)
     RETURNING *`,
    [limit, leaseMs],
  );
  return [...rows].sort((a, b) => a.seq - b.seq);
};

export interface Attempt {
  readonly response: number | null;
  readonly error: string | null;
}

export const endDelivery = async (
  db: Queryable,
  id: string,
  status: 'delivered' | 'failed',
  { response, error }: Attempt,
): Promise<void> => {
  await db.query(
    'UPDATE webhook_deliveries SET status = $2, response = $3, error = $4, finished_at = now() WHERE id = $1',
    [id, DELIVERY_STATUSES.indexOf(status), response, error],
  );
};

export const postponeDelivery = async (
  db: Queryable,
  id: string,
  afterMs: number,
  { response, error }: Attempt,
): Promise<void> => {
  await db.query(
    `UPDATE webhook_deliveries SET run_at = now() + $2 * interval '1 millisecond', response = $3, error = $4 WHERE id = $1`,
    [id, afterMs, response, error],
  );
};

export interface DeliveryPage {
  readonly after: { readonly createdAt: string; readonly id: string } | null;
  readonly limit: number;
}

export const selectDeliveries = async (
  db: Queryable,
  webhookId: string,
  { after, limit }: DeliveryPage,
): Promise<readonly DeliveryRow[]> => {
  const { rows } = await db.query<DeliveryRow>(
    `SELECT * FROM webhook_deliveries WHERE webhook_id = $1
       AND ($2::timestamptz IS NULL OR (date_trunc('milliseconds', created_at), id) < ($2, $3::uuid))
     ORDER BY date_trunc('milliseconds', created_at) DESC, id DESC LIMIT $4`,
    [webhookId, after?.createdAt ?? null, after?.id ?? null, limit],
  );
  return rows;
};

/** Due again at once, with all its tries before it. */
export const replayDelivery = async (
  db: Queryable,
  webhookId: string,
  id: string,
): Promise<DeliveryRow | undefined> => {
  const { rows } = await db.query<DeliveryRow>(
    `UPDATE webhook_deliveries SET status = 0, attempts = 0, run_at = now(), finished_at = NULL
     WHERE webhook_id = $1 AND id = $2 RETURNING *`,
    [webhookId, id],
  );
  return rows[0];
};

export const deleteOldDeliveries = async (db: Queryable): Promise<void> => {
  await db.query(`DELETE FROM webhook_deliveries WHERE finished_at < now() - interval '30 days'`);
};
