import { OPERATOR_NAMESPACE } from '../../../charts/manifests/names.js';
import type { K8sObject } from '../../../charts/manifests/object.js';
import type { PlaneOutputs } from './outputs-schema.js';

/** Where certificates of authorities are kept. They are public; a Secret because `caSecretRef` reads one. */
export const TRUST = {
  key: 'ca.crt',
  configMap: 'memplane-trust',
  secretOf: (server: string): string => `${server}-ca`,
} as const;

const LABELS = { 'app.kubernetes.io/part-of': 'memplane', 'app.kubernetes.io/managed-by': 'memoryctl' } as const;

/** What verifies one server; undefined = the system's own authorities do. */
const authorityOf = (ca: string, bundle: string | undefined): string | undefined => (ca === 'public' ? bundle : ca);

/** For the operator: one Secret a server whose authority is not among the system's. */
export function buildCaSecrets({ postgres }: PlaneOutputs, bundle: string | undefined): readonly K8sObject[] {
  return postgres.flatMap(({ name, ca }) => {
    const authority = authorityOf(ca, bundle);
    if (authority === undefined) return [];
    return [
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: TRUST.secretOf(name), namespace: OPERATOR_NAMESPACE, labels: LABELS },
        type: 'Opaque',
        data: { [TRUST.key]: Buffer.from(withNewline(authority)).toString('base64') },
      },
    ];
  });
}

/** For pods: every authority once, in one bundle. */
export function buildTrustConfigMap(
  { postgres, redis }: PlaneOutputs,
  bundle: string | undefined,
): readonly K8sObject[] {
  const authorities = [...postgres, ...redis].flatMap(({ ca }) => authorityOf(ca, bundle)?.trim() ?? []);
  if (authorities.length === 0) return [];
  return [
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: TRUST.configMap, namespace: OPERATOR_NAMESPACE, labels: LABELS },
      data: { [TRUST.key]: withNewline([...new Set(authorities)].join('\n')) },
    },
  ];
}

const withNewline = (text: string): string => `${text.trimEnd()}\n`;
