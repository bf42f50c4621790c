/** Memories as they will be when time has passed, or somebody with the tenant's keys has had a hand in them. */
import { readMemoryConfig } from '../../app/config.js';
import { createPool, inTransaction } from '../../app/db/pool.js';
import { createLogger } from '../../app/http/log.js';
import { openBucket, openKms, openTenantKeys } from '../../app/keys/index.js';
import { MARKED, type MarkedRow } from '../../app/memories/row-jcs.js';
import { createRowMarks } from '../../app/memories/row-mac.js';
import { createVault } from '../../app/tenancy/vault.js';
import type { TestTenant } from './memory-service.js';

/** `assignment` is SQL, and nobody sees a row of it without its MAC. */
export const rewriteRows = async (tenant: TestTenant, ids: readonly string[], assignment: string): Promise<void> => {
  const config = readMemoryConfig(tenant.env);
  const db = createPool({ url: config.DATABASE_URL, size: 1, onError: () => undefined });
  try {
    const keys = await openTenantKeys({
      tenantId: config.MEMPLANE_TENANT_ID,
      namespace: config.MEMPLANE_NAMESPACE,
      bucket: openBucket(config.KEYS_BUCKET_URL),
      kms: openKms({ provider: config.KMS_PROVIDER, keyId: config.KMS_KEY_ID }),
      blocksInMemory: 1,
      log: createLogger({ level: 'silent', tenant: 'test' }),
    });
    const vault = createVault(keys, true);
    await vault.prepare([]);
    const marks = createRowMarks({ vault, onForged: () => undefined, onForgedEvent: () => undefined });
    await inTransaction(db, async (transaction) => {
      const { rows } = await transaction.query<MarkedRow>(
        `UPDATE memories SET ${assignment} WHERE id = ANY ($1::uuid[]) RETURNING ${MARKED.join(', ')}, mac`,
        [ids],
      );
      for (const row of rows)
        await transaction.query('UPDATE memories SET mac = $2 WHERE id = $1', [row.id, marks.mac(row)]);
    });
  } finally {
    await db.end();
  }
};
