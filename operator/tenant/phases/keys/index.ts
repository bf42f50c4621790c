import { SECRETS } from '../../../../charts/manifests/names.js';
import { birthKeyring, destroyKeyring, moveKeyring, readKeyringHead } from '../../../clients/keyring.js';
import { done, stalled, wait } from '../../../runtime/outcome.js';
import type { Facts } from '../../facts.js';
import type { Phase, PhaseContext } from '../phase.js';
import { planKeys } from './plan.js';

/** The wrapped keys of a tenant. The operator makes, moves and destroys them; it has no call that reads one. */
export const keysPhase: Phase = {
  name: 'keys',
  run: async (context) => context as never,
  teardown: async (context) => context as never,
};
