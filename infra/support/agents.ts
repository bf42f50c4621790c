import type { GcpSite } from './site.js';

/** Google's own identities in a project: they act for a service, and exist once its API has been used. */
export const storageAgent = ({ projectNumber }: GcpSite): string =>
  `serviceAccount:service-${projectNumber}@gs-project-accounts.iam.gserviceaccount.com`;

export const transferAgent = ({ projectNumber }: GcpSite): string =>
  `serviceAccount:project-${projectNumber}@storage-transfer-service.iam.gserviceaccount.com`;

/** Who delivers the usage logs of buckets; one group for all of Google Cloud. */
export const STORAGE_LOG_WRITERS = 'group:cloud-storage-analytics@google.com';
