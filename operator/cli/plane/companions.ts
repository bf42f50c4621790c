import { OPERATOR, OPERATOR_NAMESPACE } from '../../../charts/manifests/names.js';
import type { K8sObject } from '../../../charts/manifests/object.js';
import { buildClusterIssuer } from './edge.js';
import { buildExternalSecrets } from './external-secrets.js';
import type { PlaneOutputs } from './outputs-schema.js';
import { buildPlaneObject, type PlaneChoices } from './plane-object.js';
import { buildCaSecrets, buildTrustConfigMap } from './trust.js';

/** What is written besides, if it is asked for: its kinds must be in the cluster. */
export interface Companions {
  readonly externalSecrets: boolean;
  readonly clusterIssuer: boolean;
}

/** Everything that the outputs say to a cluster, in the order in which it is applied. */
export function buildPlaneObjects(
  outputs: PlaneOutputs,
  choices: PlaneChoices,
  { externalSecrets, clusterIssuer }: Companions,
): readonly K8sObject[] {
  return [
    buildPlaneObject(outputs, choices),
    ...(externalSecrets ? buildExternalSecrets(outputs) : []),
    ...(clusterIssuer ? [buildClusterIssuer(outputs)] : []),
    buildStorageClass(outputs),
    ...buildCaSecrets(outputs, choices.caBundle),
    ...buildTrustConfigMap(outputs, choices.caBundle),
    ...buildOperatorAccount(outputs),
  ];
}

function buildStorageClass({ storageClass }: PlaneOutputs): K8sObject {
  const { name, provisioner, parameters, volumeBindingMode, allowVolumeExpansion, reclaimPolicy } = storageClass;
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name },
    ...{ provisioner, parameters, volumeBindingMode, allowVolumeExpansion, reclaimPolicy },
  };
}

/** Accounts of other charts (witness, qdrant, external-secrets) are those charts' to annotate. */
function buildOperatorAccount({ identity }: PlaneOutputs): readonly K8sObject[] {
  const annotations = identity.annotations[OPERATOR.serviceAccount];
  if (annotations === undefined || Object.keys(annotations).length === 0) return [];
  return [
    {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: OPERATOR.serviceAccount, namespace: OPERATOR_NAMESPACE, annotations },
    },
  ];
}
