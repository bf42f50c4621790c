import type { Queryable } from '../db/pool.js';
import { VISIBLE, type Viewer, viewerValues } from '../memories/store.js';

export interface ArtifactRow {
  readonly id: string;
  readonly slot: number;
  readonly scope: number;
  readonly user_ref: string | null;
  readonly team_ref: string | null;
  readonly organization_ref: string | null;
  readonly memory_id: string | null;
  readonly bytes: number;
  readonly sha256_token: Buffer;
  readonly object_name: string;
  readonly sealed_key: Buffer;
  readonly sealed_manifest: Buffer;
  readonly created_by: string;
  readonly created_at: Date;
}

export const insertArtifact = async (db: Queryable, row: ArtifactRow): Promise<void> => {
  await db.query(
    `INSERT INTO artifacts (id, slot, scope, user_ref, team_ref, organization_ref, memory_id, bytes, sha256_token,
       object_name, sealed_key, sealed_manifest, created_by, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
    [
      row.id,
      row.slot,
      row.scope,
      row.user_ref,
      row.team_ref,
      row.organization_ref,
      row.memory_id,
      row.bytes,
      row.sha256_token,
      row.object_name,
      row.sealed_key,
      row.sealed_manifest,
      row.created_by,
      row.created_at,
    ],
  );
};

export const selectArtifact = async (db: Queryable, viewer: Viewer, id: string): Promise<ArtifactRow | undefined> => {
  const { rows } = await db.query<ArtifactRow>(`SELECT * FROM artifacts WHERE ${VISIBLE} AND id = $6`, [
    ...viewerValues(viewer),
    id,
  ]);
  return rows[0];
};

export interface ArtifactPage {
  readonly memoryId: string | null;
  readonly after: { readonly createdAt: string; readonly id: string } | null;
  readonly limit: number;
}

/** Newest first. */
export const selectArtifacts = async (
  db: Queryable,
  viewer: Viewer,
  page: ArtifactPage,
): Promise<readonly ArtifactRow[]> => {
  const { rows } = await db.query<ArtifactRow>(
    `SELECT * FROM artifacts
     WHERE ${VISIBLE} AND ($6::uuid IS NULL OR memory_id = $6)
       AND ($7::timestamptz IS NULL OR (created_at, id) < ($7, $8::uuid))
     ORDER BY created_at DESC, id DESC LIMIT $9`,
    [...viewerValues(viewer), page.memoryId, page.after?.createdAt ?? null, page.after?.id ?? null, page.limit],
  );
  return rows;
};
