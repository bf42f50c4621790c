import type { Deployment } from 'kubernetes-types/apps/v1.js';
import type { Container, PodSpec } from 'kubernetes-types/core/v1.js';
import { buildImageReference } from '../image.js';
import { OPERATOR, PORTS } from '../names.js';
import type { K8sObject, Wire } from '../object.js';
import { CONTAINER_SECURITY_CONTEXT, POD_SECURITY_CONTEXT } from '../pod-security.js';
import { AZURE_IDENTITY_LABELS } from '../tenant/labels.js';
import { buildPlatformMeta, OPERATOR_SELECTOR, PLATFORM_LABELS } from './labels.js';
import type { PlatformOptions } from './options.js';

/** Longer than the operator's own deadline for ending what it has begun (21 s). */
const GRACE_SECONDS = 30;

export const buildOperatorDeployment = (o: PlatformOptions): K8sObject =>
  ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: buildPlatformMeta(OPERATOR.deployment),
    spec: {
      replicas: o.replicas ?? 1,
      revisionHistoryLimit: 3,
      selector: { matchLabels: OPERATOR_SELECTOR },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      // Read on Azure alone, where the operator makes what tenants need; elsewhere a label like any other.
      template: { metadata: { labels: { ...PLATFORM_LABELS, ...AZURE_IDENTITY_LABELS } }, spec: buildPod(o) },
    },
  }) satisfies Wire<Deployment>;

const buildPod = (o: PlatformOptions): PodSpec => ({
  serviceAccountName: OPERATOR.serviceAccount,
  automountServiceAccountToken: true,
  enableServiceLinks: false,
  terminationGracePeriodSeconds: GRACE_SECONDS,
  securityContext: POD_SECURITY_CONTEXT,
  ...(o.imagePullSecrets === undefined ? {} : { imagePullSecrets: o.imagePullSecrets.map((name) => ({ name })) }),
  containers: [buildContainer(o)],
});

const buildContainer = (o: PlatformOptions): Container => ({
  name: 'operator',
  image: buildImageReference(o),
  ports: [{ name: 'http', containerPort: PORTS.operator, protocol: 'TCP' }],
  env: [
    { name: 'PORT', value: String(PORTS.operator) },
    { name: 'LOG_LEVEL', value: o.logLevel ?? 'info' },
    { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
  ],
  startupProbe: { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 1, failureThreshold: 60 },
  livenessProbe: { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 10, timeoutSeconds: 3 },
  readinessProbe: { httpGet: { path: '/readyz', port: 'http' }, periodSeconds: 5, timeoutSeconds: 3 },
  // Mirrors of ten thousand tenants fit; reconciling is I/O, so CPU is for bursts.
  resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { cpu: '2', memory: '1Gi' } },
  securityContext: CONTAINER_SECURITY_CONTEXT,
});
