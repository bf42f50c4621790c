/**
 * The catalogue is the truth of which tenants exist, what they are called inside and where their data is. It lives in
 * the plane's first database, so that it outlives every Kubernetes object. Migrations are numbered and immutable.
 */
export const MIGRATIONS: readonly { readonly version: number; readonly sql: string }[] = [
  {
    version: 1,
    sql: `
      CREATE TABLE memplane.tenants (
        tenant_id              uuid        PRIMARY KEY,
        cluster_id             text        NOT NULL,
        name                   text        NOT NULL,
        namespace              text        NOT NULL,
        state                  text        NOT NULL CHECK (state IN ('Active', 'Retained', 'Erasing', 'Erased')),
        tier                   text        NOT NULL,
        plane                  text        NOT NULL,
        database               text        NOT NULL,
        schema                 text        NOT NULL,
        credential_secret_uid  text,
        bootstrap_namespace_uid text,
        erase_at               timestamptz,
        created_at             timestamptz NOT NULL DEFAULT now(),
        updated_at             timestamptz NOT NULL DEFAULT now()
      );
      -- A name belongs to one living tenant; retained and erased ones may share it.
      CREATE UNIQUE INDEX tenants_active_name ON memplane.tenants (cluster_id, name) WHERE state = 'Active';
      CREATE INDEX tenants_name ON memplane.tenants (cluster_id, name);
      CREATE INDEX tenants_erase_at ON memplane.tenants (erase_at) WHERE state = 'Erasing';
    `,
  },
  {
    version: 2,
    sql: 'ALTER TABLE memplane.tenants ADD COLUMN IF NOT EXISTS destroying_since timestamptz',
  },
];
