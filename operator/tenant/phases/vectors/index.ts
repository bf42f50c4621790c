import { done } from '../../../runtime/outcome.js';
import type { Facts } from '../../facts.js';
import type { Phase } from '../phase.js';

/**
 * The embedded store lives in the service and is rebuilt from Postgres: nothing is made here and nothing is left.
 * Stores of the plane's own get their collection and credential in this phase.
 */
export const vectorsPhase: Phase = {
  name: 'vectors',
  async run({ options }) {
    const { provider, model, dimensions } = options.embedding;
    return done<Facts>({ embedding: { provider, model, dimensions } });
  },
  async teardown() {
    return done(undefined);
  },
};
