import { createHash } from 'node:crypto';
import type { Core } from '../core.js';
import { inTransaction } from '../db/pool.js';
import { buildCertificate, signCertificate } from './certificate.js';
import type { Envelope } from './dsse.js';
import { type ErasureDeps, observe } from './job.js';
import { purgePerson } from './purge.js';
import { finalizeErasure, lockErasuresToFinalize, mergeErasureFacts } from './store.js';

/**
 * The last deletable copy is gone: what a write under way then may have left behind goes too, the person's token is
 * forgotten, and a second certificate says so.
 */
export const finalizeErasures = async ({ core, bucket }: ErasureDeps): Promise<number> =>
  inTransaction(core.db, async (transaction) => {
    const rows = await lockErasuresToFinalize(transaction);
    for (const row of rows) {
      await purgePerson(core.memories, bucket, { slot: row.slot, userRef: row.user_ref, actor: row.requested_by });
      const supersedes = sha256OfPayload(row.certificate);
      const executedAt = row.completed_at ?? new Date();
      const context = await observe(core, row, { executedAt, finalAt: row.final_at ?? new Date(), supersedes });
      const { envelope, sha256, awaitsPlane } = await signCertificate(core, buildCertificate(row, context));
      await finalizeErasure(transaction, row.id, Buffer.from(JSON.stringify(envelope), 'utf8'));
      await mergeErasureFacts(transaction, row.id, { awaitsPlane });
      await recordFinal(core, transaction, row.id, sha256);
    }
    return rows.length;
  });

const recordFinal = (core: Core, transaction: Parameters<Core['audit']['record']>[0], id: string, sha256: string) =>
  core.audit.record(transaction, {
    ...{ type: 'erasure.completed', code: 'final', resource: { kind: 'certificate', id: sha256 } },
    detail: { erasure: id, sha256 },
  });

const sha256OfPayload = (certificate: Buffer | null): string => {
  if (!certificate) return '';
  const { payload } = JSON.parse(certificate.toString('utf8')) as Envelope;
  return createHash('sha256').update(Buffer.from(payload, 'base64')).digest('hex');
};
