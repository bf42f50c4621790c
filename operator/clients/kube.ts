import type { K8sObject } from '../../charts/manifests/object.js';

/** What a REST path needs to know of a kind. `namespaced` kinds need a namespace in every reference. */
export interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

export interface ObjectRef {
  readonly resource: Resource;
  readonly name: string;
  readonly namespace?: string;
}

/** An object as the server stores it: raw JSON, never a typed client model (they rename fields). */
export interface LiveObject extends K8sObject {
  readonly metadata: K8sObject['metadata'] & {
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation?: number;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly finalizers?: readonly string[];
    readonly ownerReferences?: readonly {
      readonly uid: string;
      readonly kind: string;
      readonly name: string;
      readonly controller?: boolean;
    }[];
    readonly managedFields?: readonly unknown[];
  };
}

export interface ListOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface ListResult<T extends LiveObject> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
}

export type WatchEvent<T extends LiveObject> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string };

export interface DeletePreconditions {
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly propagationPolicy?: 'Foreground' | 'Background' | 'Orphan';
  readonly gracePeriodSeconds?: number;
}

/** Every failed call throws a `KubeError`; its `reason` is the server's (`NotFound`, `Conflict`, `Expired`, `Invalid` …). */
export class KubeError extends Error {
  readonly status: number;
  readonly reason: string;
  readonly retryAfterSeconds: number | undefined;
  readonly details: unknown;
  constructor(init: {
    status: number;
    reason: string;
    message: string;
    retryAfterSeconds?: number;
    details?: unknown;
    cause?: unknown;
  }) {
    super(init.message, { cause: init.cause });
    this.name = 'KubeError';
    this.status = init.status;
    this.reason = init.reason;
    this.retryAfterSeconds = init.retryAfterSeconds;
    this.details = init.details;
  }
}

export interface KubeClient {
  /** undefined when there is no such object; every other failure throws. */
  get<T extends LiveObject>(ref: ObjectRef, signal?: AbortSignal): Promise<T | undefined>;
  /** All pages. */
  list<T extends LiveObject>(resource: Resource, options?: ListOptions, signal?: AbortSignal): Promise<ListResult<T>>;
  create<T extends LiveObject>(resource: Resource, object: K8sObject, signal?: AbortSignal): Promise<T>;
  /** POST to a subresource of an object: `binding` of a Pod, `token` of a ServiceAccount. Answers what the server answers. */
  createSubresource(ref: ObjectRef, subresource: string, body: K8sObject, signal?: AbortSignal): Promise<unknown>;
  /** Server-side apply of raw JSON with our field manager, `force` and strict field validation. */
  apply<T extends LiveObject>(
    resource: Resource,
    object: K8sObject,
    options?: { readonly dryRun?: boolean },
    signal?: AbortSignal,
  ): Promise<T>;
  /** JSON merge patch; `subresource: 'status'` for status. */
  mergePatch<T extends LiveObject>(
    ref: ObjectRef,
    patch: unknown,
    options?: { readonly subresource?: string },
    signal?: AbortSignal,
  ): Promise<T>;
  /** Deleting what is already gone is not an error. */
  delete(ref: ObjectRef, preconditions?: DeletePreconditions, signal?: AbortSignal): Promise<void>;
  /** Ends when the server closes the stream; throws `KubeError` with reason `Expired` on 410, in the stream or before it. */
  watch<T extends LiveObject>(
    resource: Resource,
    options: ListOptions & { readonly resourceVersion: string },
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>>;
  close(): Promise<void>;
}
