import type { Logger } from 'pino';
import { parseVerifierKey } from '../audit/note.js';
import type { ArchiveConfig } from '../config.js';
import { createPool } from '../db/pool.js';
import { logOrigin } from '../keys/log-key.js';
import { ArchiveConflict, archiveLog } from './archive-log.js';
import { openLockedBucket } from './bucket-providers.js';

/** One run: what is new goes into the bucket. 0 when all of it is there, 1 when the log contradicts what was archived. */
export const runArchive = async (config: ArchiveConfig, log: Logger): Promise<number> => {
  const bucket = openLockedBucket(config.AUDIT_BUCKET_URL, config);
  if (!bucket.locks) log.warn({}, 'the audit bucket is a folder: names are taken once, but nothing is locked');
  const db = createPool({
    url: config.DATABASE_URL,
    size: 2,
    onError: (err) => log.warn({ err }, 'a database connection was lost'),
  });
  try {
    const archived = await archiveLog({
      ...{ db, bucket, prefix: archivePrefix(config) },
      retentionDays: config.AUDIT_RETENTION_DAYS,
      keys: config.AUDIT_VERIFIER_KEYS.flatMap((key) => parseVerifierKey(key) ?? []),
      now: () => new Date(),
    });
    log.info({ ...archived, url: config.AUDIT_BUCKET_URL.split('?')[0] }, 'the audit log is archived');
    return 0;
  } catch (cause) {
    if (!(cause instanceof ArchiveConflict)) throw cause;
    log.error({ event: 'security.tamper', reason: cause.message }, 'the audit log was not archived');
    return 1;
  } finally {
    await db.end();
  }
};

/** Every object of a tenant begins with its namespace, which is what the pod's permission is bound to. */
export const archivePrefix = ({
  MEMPLANE_NAMESPACE,
  MEMPLANE_TENANT_ID,
}: Pick<ArchiveConfig, 'MEMPLANE_NAMESPACE' | 'MEMPLANE_TENANT_ID'>): string =>
  `${MEMPLANE_NAMESPACE}/${logOrigin(MEMPLANE_TENANT_ID)}/`;
