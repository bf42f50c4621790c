import { SECRETS } from '../../../../charts/manifests/names.js';
import { offerKek } from '../../../clients/kek-offer.js';
import {
  birthKeyring,
  destroyKeyring,
  type KeyringHead,
  moveKeyring,
  readKeyringHead,
  retainedNamespace,
} from '../../../clients/keyring.js';
import { hidesKeys } from '../../../clients/kms.js';
import { kmsKeyOf } from '../../../clients/kms-providers.js';
import { decodeSecret, readSecret } from '../../../clients/secrets.js';
import type { PhaseContext, TeardownContext } from '../phase.js';
import { isRotationDue, type KeysAction } from './plan.js';

export async function applyKeys(
  { options, record, stores }: PhaseContext,
  action: Exclude<KeysAction['action'], 'refuse'>,
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
        keyId: kmsKeyOf({ provider: stores.kmsProvider, keyID: stores.kmsKeyId }, record.tenantId),
        now: new Date(),
      });
  }
}

/** Where the tenant has a KMS key of its own: it is there, and its pods, and they alone, may use it. */
export async function admitPods({ options, record, stores }: PhaseContext): Promise<void> {
  if (hidesKeys(stores.kms)) return;
  await stores.kms.ensureKey(record.tenantId);
  await stores.kms.admit(record.tenantId, options.namespace);
}

/** The pod takes the new key up by itself; until it has, the offer is found there again and stays as it is. */
export async function offerWhenDue({ options, record, stores }: PhaseContext, head: KeyringHead): Promise<void> {
  const now = new Date();
  if (!isRotationDue(head, options.keyRotationDays, now)) return;
  await offerKek(stores.keys, stores.kms, { tenantId: record.tenantId, namespace: options.namespace }, now);
}

/** The Secret is a projection for people and dashboards: the wrapped key, never the key. Written when it differs. */
export async function writeProjection({ kube, objects, options }: PhaseContext, head: KeyringHead): Promise<void> {
  const values = {
    provider: head.provider,
    keyId: head.keyId,
    generation: String(head.gen),
    wrapped: head.gens.find(({ state }) => state === 'active')?.wrapped ?? '',
  };
  const secret = await readSecret(kube, options.namespace, SECRETS.keys);
  const same = Object.entries(values).every(([key, value]) => secret && decodeSecret(secret, key) === value);
  if (!same) await objects.writeSecret(options, SECRETS.keys, values);
}

/** Kept for re-attachment, bound to nobody's namespace; or destroyed, wherever a copy may lie. */
export async function settleKeys({ record, stores, fate }: TeardownContext): Promise<void> {
  const { tenantId, namespace } = record;
  const retained = { tenantId, namespace: retainedNamespace(tenantId) };
  if (!hidesKeys(stores.kms)) await stores.kms.dismiss(tenantId);
  if (fate === 'destroy') {
    await destroyKeyring(stores.keys, { tenantId, namespace });
    await destroyKeyring(stores.keys, retained);
    if (!hidesKeys(stores.kms)) await stores.kms.destroyKey(tenantId);
    return;
  }
  // A tenant that never got as far has no keyring, and nothing sealed under one.
  const exists =
    (await readKeyringHead(stores.keys, { tenantId, namespace })) ?? (await readKeyringHead(stores.keys, retained));
  if (exists === undefined) return;
  await moveKeyring(stores.keys, stores.kms, { tenantId, from: namespace, to: retained.namespace });
}
