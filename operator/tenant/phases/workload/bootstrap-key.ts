import { randomBytes } from 'node:crypto';
import { SECRETS } from '../../../../charts/manifests/names.js';
import { recordBootstrapKey } from '../../../catalogue/catalogue.js';
import { RESOURCES } from '../../../clients/kube-resources.js';
import type { PhaseContext } from '../phase.js';

/** `mb_` and 32 random bytes, as every API key of the service. */
const newKey = (): string => `mb_${randomBytes(32).toString('base64url')}`;

/**
 * One key for one life of the namespace, so that somebody can make the first real keys with it. When its Secret was
 * claimed or deleted it stays away: whoever may read Secrets later finds nothing.
 */
export async function ensureBootstrapKey({ kube, objects, options, record, stores }: PhaseContext): Promise<void> {
  const namespace = await kube.get({ resource: RESOURCES.namespaces, name: options.namespace });
  const uid = namespace?.metadata.uid;
  if (uid === undefined || record.bootstrapNamespaceUid === uid) return;
  await objects.writeSecret(options, SECRETS.adminKey, {
    apiKey: newKey(),
    tenant: options.name,
    endpoint: endpointOf(options),
  });
  await recordBootstrapKey(stores.catalogue, record.tenantId, uid);
}

export const endpointOf = ({ publicUrl, hostnames }: PhaseContext['options']): string =>
  publicUrl ?? `https://${hostnames[0] ?? ''}`;
