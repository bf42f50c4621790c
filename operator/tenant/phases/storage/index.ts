import { done, wait } from '../../../runtime/outcome.js';
import type { Facts } from '../../facts.js';
import type { Phase } from '../phase.js';

/** The plane's buckets answer, so that nothing starts which could not store what it makes. */
export const storagePhase: Phase = {
  name: 'storage',
  async run({ stores }) {
    for (const { purpose, problem } of stores.buckets) {
      const why = await problem();
      if (why !== undefined)
        return wait('StoreUnreachable', `the plane's bucket ${purpose} does not answer: ${why}`, 15_000);
    }
    return done<Facts>({});
  },
  /** Artifacts, backups and the audit archive have their own retention; nothing of them exists yet in this version. */
  async teardown() {
    return done(undefined);
  },
};
