import type { Job } from 'kubernetes-types/batch/v1.js';
import type { Container } from 'kubernetes-types/core/v1.js';
import { buildImageReference } from '../image.js';
import { SECRETS, SERVICE_ACCOUNTS } from '../names.js';
import type { K8sObject, Wire } from '../object.js';
import { CONTAINER_SECURITY_CONTEXT, POD_SECURITY_CONTEXT } from '../pod-security.js';
import { buildIdentityLabels, buildTenantLabels, buildTenantMeta, COMPONENTS } from './labels.js';
import { buildCommonEnv, buildTrustMount, buildTrustVolume, fromSecret } from './memory-pod.js';
import type { TenantOptions } from './options.js';
import { buildScheduling } from './scheduling.js';

/** A day of a busy tenant's events takes seconds; what takes longer is stuck, and the next run goes on from there. */
const DEADLINE_SECONDS = 1_800;
const RETRIES = 3;
/** It reads and writes piece by piece. */
const REQUESTS = { cpu: '50m', memory: '128Mi' } as const;
const LIMITS = { cpu: '500m', memory: '512Mi' } as const;
const HOUR = 3_600;

type Archive = NonNullable<TenantOptions['archive']>;

/** One run that puts what is new of the log under lock. It has no key of the tenant, and no token of the cluster. */
export const buildArchiveJob = (o: TenantOptions, archive: Archive, name: string): K8sObject =>
  ({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: buildTenantMeta(o, name, COMPONENTS.archive),
    spec: {
      backoffLimit: RETRIES,
      activeDeadlineSeconds: DEADLINE_SECONDS,
      // Its name is that of a stretch of time: while it is there, nobody starts another one for it.
      ttlSecondsAfterFinished: Math.max(HOUR, 2 * archive.intervalSeconds),
      template: {
        metadata: { labels: { ...buildTenantLabels(o, COMPONENTS.archive), ...buildIdentityLabels(o) } },
        spec: {
          serviceAccountName: SERVICE_ACCOUNTS.audit,
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          restartPolicy: 'Never',
          securityContext: POD_SECURITY_CONTEXT,
          // One pod has nobody to be apart from.
          ...buildScheduling({ ...o, scheduling: { ...o.scheduling, topologySpread: 'None' } }, {}),
          containers: [buildContainer(o, archive)],
          volumes: [...buildTrustVolume(o)],
        },
      },
    },
  }) satisfies Wire<Job>;

const buildContainer = (o: TenantOptions, { bucketUrl, retentionDays }: Archive): Container => ({
  name: 'archive',
  image: buildImageReference(o),
  args: ['archive'],
  env: [
    { name: 'LOG_LEVEL', value: o.logLevel },
    { name: 'MEMPLANE_TENANT', value: o.name },
    { name: 'MEMPLANE_TENANT_ID', value: o.tenantId },
    { name: 'MEMPLANE_NAMESPACE', value: o.namespace },
    fromSecret('DATABASE_URL', SECRETS.database, 'url'),
    { name: 'AUDIT_BUCKET_URL', value: bucketUrl },
    { name: 'AUDIT_RETENTION_DAYS', value: String(retentionDays) },
    ...buildCommonEnv(o),
  ],
  resources: { requests: { ...REQUESTS }, limits: { ...LIMITS } },
  securityContext: CONTAINER_SECURITY_CONTEXT,
  volumeMounts: [...buildTrustMount(o)],
});
