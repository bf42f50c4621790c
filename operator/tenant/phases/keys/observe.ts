import { readKeyringHead, retainedNamespace } from '../../../clients/keyring.js';
import { schemaExists } from '../database/observe.js';
import type { PhaseContext } from '../phase.js';
import type { KeysObservation } from './plan.js';

export async function observeKeys({ options, record, stores }: PhaseContext): Promise<KeysObservation> {
  const { tenantId } = record;
  const [here, retained, hasData] = await Promise.all([
    readKeyringHead(stores.keys, { tenantId, namespace: options.namespace }),
    readKeyringHead(stores.keys, { tenantId, namespace: retainedNamespace(tenantId) }),
    schemaExists(stores.database, record.schema),
  ]);
  return { atNamespace: here !== undefined, retained: retained !== undefined, hasData };
}
