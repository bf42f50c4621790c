import type { Core } from '../core.js';
import { inTransaction } from '../db/pool.js';
import { addPlaneSignature, type Envelope } from './dsse.js';
import { lockErasuresToSign, updateCertificate } from './store.js';

/**
 * Adds the plane's signature to certificates that were issued while its KMS was away. The signed bytes stay, and with them
 * the hash that the log holds. How many it signed; the rest goes on waiting.
 */
export const signWaiting = async ({ db, plane, log }: Core, id: string | null = null): Promise<number> => {
  if (plane === undefined) return 0;
  return await inTransaction(db, async (transaction) => {
    let signed = 0;
    for (const row of await lockErasuresToSign(transaction, id)) {
      if (!row.certificate) continue;
      const envelope = JSON.parse(row.certificate.toString('utf8')) as Envelope;
      const whole = await addPlaneSignature(plane, envelope).catch((err: unknown) => {
        log.warn({ err }, 'erasure certificates still wait for the signature of the plane’s key');
        return undefined;
      });
      if (!whole) return signed;
      await updateCertificate(transaction, row.id, Buffer.from(JSON.stringify(whole), 'utf8'));
      signed++;
    }
    return signed;
  });
};
