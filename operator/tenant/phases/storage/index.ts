import { done, wait } from '../../../runtime/outcome.js';
import type { Facts } from '../../facts.js';
import type { Phase } from '../phase.js';

/** The plane's buckets answer for this tenant's prefix, so that nothing starts which could not store what it makes. */
export const storagePhase: Phase = {
  name: 'storage',
  async run({ options, stores }) {
    for (const { purpose, bucket } of stores.buckets) {
      try {
        await bucket.list(`${options.namespace}/`);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        return wait('StoreUnreachable', `the plane's bucket ${purpose} does not answer: ${why}`, 15_000);
      }
    }
    return done<Facts>({});
  },
  /** Artifacts, backups and the audit archive have their own retention; nothing of them exists yet in this version. */
  async teardown() {
    return done(undefined);
  },
};
