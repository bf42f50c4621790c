import type { GcpSite } from './site.js';

/** Google's own identities in a project: they act for a service, and exist once its API has been used. */
export const storageAgent = ({ projectNumber }: GcpSite): string =>
  `serviceAccount:service-${projectNumber}@gs-project-accounts.iam.gserviceaccount.com`;

export const transferAgent = ({ projectNumber }: GcpSite): string =>
  `serviceAccount:project-${projectNumber}@storage-transfer-service.iam.gserviceaccount.com`;

/** One a service that keeps data of ours; the bootstrap makes them, because a new project has none. */
export const databaseAgents = ({
  projectNumber,
}: Pick<GcpSite, 'projectNumber'>): Readonly<Record<string, string>> => ({
  postgres: `serviceAccount:service-${projectNumber}@gcp-sa-cloud-sql.iam.gserviceaccount.com`,
  redis: `serviceAccount:service-${projectNumber}@gcp-sa-memorystore.iam.gserviceaccount.com`,
  queue: queueAgent({ projectNumber }),
  secrets: `serviceAccount:service-${projectNumber}@gcp-sa-secretmanager.iam.gserviceaccount.com`,
});

/** Pub/Sub itself: it also moves what could not be delivered. */
export const queueAgent = ({ projectNumber }: Pick<GcpSite, 'projectNumber'>): string =>
  `serviceAccount:service-${projectNumber}@gcp-sa-pubsub.iam.gserviceaccount.com`;

export const imagesAgent = ({ projectNumber }: GcpSite): string =>
  `serviceAccount:service-${projectNumber}@gcp-sa-artifactregistry.iam.gserviceaccount.com`;

/** Makes disks of nodes and volumes. */
export const computeAgent = ({ projectNumber }: Pick<GcpSite, 'projectNumber'>): string =>
  `serviceAccount:service-${projectNumber}@compute-system.iam.gserviceaccount.com`;

/** The control plane, which encrypts what Kubernetes calls secret. */
export const containerAgent = ({ projectNumber }: Pick<GcpSite, 'projectNumber'>): string =>
  `serviceAccount:service-${projectNumber}@container-engine-robot.iam.gserviceaccount.com`;

/** Encrypts log buckets with a key of ours. */
export const loggingAgent = ({ projectNumber }: GcpSite): string =>
  `serviceAccount:cmek-p${projectNumber}@gcp-sa-logging.iam.gserviceaccount.com`;

/** Who delivers the usage logs of buckets; one group for all of Google Cloud. */
export const STORAGE_LOG_WRITERS = 'group:cloud-storage-analytics@google.com';

/** The group whose member groups GKE knows; Google fixes its name, and its domain is that of the others. */
export const groupsOf = ({ principals: { compliance } }: Pick<GcpSite, 'principals'>): string =>
  `gke-security-groups@${compliance.slice(compliance.indexOf('@') + 1)}`;

/** A service account of Kubernetes, as Google Cloud names it; it needs no account there. */
export const workload = (
  { projectId, projectNumber }: Pick<GcpSite, 'projectId' | 'projectNumber'>,
  namespace: string,
  account: string,
): string =>
  `principal://iam.googleapis.com/projects/${projectNumber}/locations/global/workloadIdentityPools/${projectId}.svc.id.goog/subject/ns/${namespace}/sa/${account}`;
