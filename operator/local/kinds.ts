import type { Deployment, ReplicaSet } from 'kubernetes-types/apps/v1.js';
import type { CronJob, Job } from 'kubernetes-types/batch/v1.js';
import type { Pod, Service, ServiceAccount } from 'kubernetes-types/core/v1.js';
import type { LiveObject } from '../clients/kube.js';

/** Owner references as the server keeps them. */
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

export type LiveMetadata = LiveObject['metadata'] & {
  readonly deletionGracePeriodSeconds?: number;
};

type Live<Wire extends { spec?: unknown; status?: unknown }> = LiveObject & {
  readonly metadata: LiveMetadata;
  readonly spec: NonNullable<Wire['spec']>;
  readonly status?: NonNullable<Wire['status']>;
};

export type LivePod = Live<Pod>;
export type LiveDeployment = Live<Deployment>;
export type LiveReplicaSet = Live<ReplicaSet>;
export type LiveJob = Live<Job>;
export type LiveCronJob = Live<CronJob>;
export type LiveService = Live<Service>;
export type LiveServiceAccount = LiveObject & Pick<ServiceAccount, 'automountServiceAccountToken'>;

/** What the node agent writes on a pod: container port name to the port it really has, as JSON. */
export const LOCAL_PORTS_ANNOTATION = 'memplane.dev/local-ports';

export const namespaceOf = (object: LiveObject): string => object.metadata.namespace ?? '';
export const keyOf = (object: LiveObject): string => `${namespaceOf(object)}/${object.metadata.name}`;

/** Times in the API carry whole seconds. */
export const apiTime = (at: Date): string => at.toISOString().replace(/\.\d{3}Z$/, 'Z');
