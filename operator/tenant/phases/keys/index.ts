import { SECRETS } from '../../../../charts/manifests/names.js';
import { BucketError } from '../../../clients/bucket.js';
import {
  birthKeyring,
  destroyKeyring,
  KeyringError,
  type KeyringHead,
  moveKeyring,
  readKeyringHead,
  retainedNamespace,
} from '../../../clients/keyring.js';
import { done, type Outcome, stalled, wait } from '../../../runtime/outcome.js';
import type { Facts } from '../../facts.js';
import { schemaExists } from '../database/observe.js';
import type { Phase, PhaseContext, TeardownContext } from '../phase.js';
import { type KeysObservation, planKeys } from './plan.js';

/** The wrapped keys of a tenant. The operator makes, moves and destroys them; it has no call that reads one. */
export const keysPhase: Phase = {
  name: 'keys',

  run: (context) =>
    speaking(async () => {
      const plan = planKeys(await observe(context));
      if (plan.action === 'refuse') return refuse(context, plan.because);
      const head = await apply(context, plan.action);
      if (head === undefined) return wait('KeyringMissing', 'the keyring vanished while it was looked at', 1_000);
      await writeProjection(context, head);
      return done<Facts>({ encryption: { keyID: head.keyId, epoch: head.epoch, rotatedTime: head.rotatedTime } });
    }),

  teardown: (context) =>
    speaking(async () => {
      await settleFate(context);
      return done(undefined);
    }),
};

async function observe({ options, record, stores }: PhaseContext): Promise<KeysObservation> {
  const { tenantId } = record;
  const [here, retained, hasData] = await Promise.all([
    readKeyringHead(stores.keys, { tenantId, namespace: options.namespace }),
    readKeyringHead(stores.keys, { tenantId, namespace: retainedNamespace(tenantId) }),
    schemaExists(stores.database, record.schema),
  ]);
  return { atNamespace: here !== undefined, retained: retained !== undefined, hasData };
}

async function apply(
  { options, record, stores }: PhaseContext,
  action: 'birth' | 'moveBack' | 'none',
): Promise<KeyringHead | undefined> {
  const place = { tenantId: record.tenantId, namespace: options.namespace };
  switch (action) {
    case 'none':
      return readKeyringHead(stores.keys, place);
    case 'moveBack':
      return moveKeyring(stores.keys, stores.kms, {
        tenantId: record.tenantId,
        from: retainedNamespace(record.tenantId),
        to: options.namespace,
      });
    case 'birth':
      return birthKeyring(stores.keys, stores.kms, {
        ...place,
        provider: stores.kmsProvider,
        keyId: stores.kmsKeyId,
        now: new Date(),
      });
  }
}

const refuse = ({ record, options }: PhaseContext, because: string): Outcome<never> =>
  stalled(
    'KeyringMissing',
    `${because}: keys/${options.namespace}/${record.tenantId}/keyring.json is not in the keys bucket; copy it back from the second region, ` +
      'or delete the tenant with Erase and start anew',
  );

/** The Secret is a projection for people and dashboards: the wrapped key, never the key. */
async function writeProjection({ objects, options }: PhaseContext, head: KeyringHead): Promise<void> {
  const active = head.gens.find(({ state }) => state === 'active');
  await objects.writeSecret(options, SECRETS.keys, {
    provider: head.provider,
    keyId: head.keyId,
    generation: String(head.gen),
    wrapped: active?.wrapped ?? '',
  });
}

async function settleFate({ record, stores, fate }: TeardownContext): Promise<void> {
  const { tenantId, namespace } = record;
  const retained = { tenantId, namespace: retainedNamespace(tenantId) };
  if (fate === 'destroy') {
    await destroyKeyring(stores.keys, { tenantId, namespace });
    await destroyKeyring(stores.keys, retained);
    return;
  }
  // A tenant that never got as far has no keyring, and nothing sealed under one.
  const exists =
    (await readKeyringHead(stores.keys, { tenantId, namespace })) ?? (await readKeyringHead(stores.keys, retained));
  if (exists === undefined) return;
  await moveKeyring(stores.keys, stores.kms, { tenantId, from: namespace, to: retained.namespace });
}

/** Failures of the key stores carry a remedy of their own: it becomes the condition's message. */
async function speaking<T>(work: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof BucketError || error instanceof KeyringError) return wait(error.code, error.message, 15_000);
    throw error;
  }
}
