import { OPERATOR_NAMESPACE } from '../../../charts/manifests/names.js';
import type { K8sObject } from '../../../charts/manifests/object.js';
import type { PlaneOutputs } from './outputs-schema.js';
import { adminSecretOf } from './plane-object.js';

/** Where the External Secrets Operator is installed, as its own chart does it; the clouds trust this account. */
const STORE = 'memplane';
const API = 'external-secrets.io/v1';
const serviceAccountRef = { name: 'external-secrets', namespace: 'external-secrets' } as const;

/** The administrators' passwords, from the cloud's secret store into the operator's namespace. No value passes here. */
export function buildExternalSecrets(outputs: PlaneOutputs): readonly K8sObject[] {
  const store: K8sObject = {
    apiVersion: API,
    kind: 'ClusterSecretStore',
    metadata: { name: STORE },
    spec: { provider: buildProvider(outputs) },
  };
  return [store, ...outputs.postgres.map(buildExternalSecret)];
}

function buildExternalSecret({ name, adminSecret }: PlaneOutputs['postgres'][number]): K8sObject {
  return {
    apiVersion: API,
    kind: 'ExternalSecret',
    metadata: { name: adminSecretOf(name), namespace: OPERATOR_NAMESPACE },
    spec: {
      refreshInterval: '1h',
      secretStoreRef: { kind: 'ClusterSecretStore', name: STORE },
      target: { name: adminSecretOf(name) },
      dataFrom: [{ extract: { key: adminSecret } }],
    },
  };
}

function buildProvider({ cloud, region, secrets: { store }, cluster }: PlaneOutputs) {
  switch (cloud) {
    case 'aws':
      return { aws: { service: 'SecretsManager', region: store, auth: { jwt: { serviceAccountRef } } } };
    case 'gcp': {
      const workloadIdentity = { clusterLocation: region, clusterName: cluster.name, serviceAccountRef };
      return { gcpsm: { projectID: store, auth: { workloadIdentity } } };
    }
    case 'azure':
      return { azurekv: { authType: 'WorkloadIdentity', vaultUrl: store, serviceAccountRef } };
  }
}
