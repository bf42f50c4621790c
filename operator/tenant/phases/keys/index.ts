import { BucketError } from '../../../clients/bucket.js';
import { KeyringError } from '../../../clients/keyring.js';
import { done, type Outcome, stalled, wait } from '../../../runtime/outcome.js';
import type { Facts } from '../../facts.js';
import type { Phase, PhaseContext } from '../phase.js';
import { admitPods, applyKeys, offerWhenDue, settleKeys, writeProjection } from './apply.js';
import { observeKeys } from './observe.js';
import { planKeys } from './plan.js';

/** The wrapped keys of a tenant. The operator makes, moves and destroys them; it has no call that reads one. */
export const keysPhase: Phase = {
  name: 'keys',

  run: (context) =>
    speaking(async () => {
      const plan = planKeys(await observeKeys(context));
      if (plan.action === 'refuse') return refuse(context, plan.because);
      // Before the keyring, so that no keyring names a key that does not exist.
      await admitPods(context);
      const head = await applyKeys(context, plan.action);
      if (head === undefined) return wait('KeyringMissing', 'the keyring vanished while it was looked at', 1_000);
      await writeProjection(context, head);
      await offerWhenDue(context, head);
      return done<Facts>({ encryption: { keyID: head.keyId, epoch: head.epoch, rotatedTime: head.rotatedTime } });
    }),

  teardown: (context) =>
    speaking(async () => {
      await settleKeys(context);
      return done(undefined);
    }),
};

const refuse = ({ record, options }: PhaseContext, because: string): Outcome<never> =>
  stalled(
    'KeyringMissing',
    `${because}: keys/${options.namespace}/${record.tenantId}/keyring.json is not in the keys bucket; copy it back from the second region, ` +
      'or delete the tenant with Erase and start anew',
  );

/** Failures of the key stores carry a remedy of their own: it becomes the condition's message. */
async function speaking<T>(work: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof BucketError || error instanceof KeyringError) return wait(error.code, error.message, 15_000);
    throw error;
  }
}
