import type { KubeClient, LiveObject, ObjectRef } from './kube.js';
import { type Caller, createCaller, type RequestSample } from './kube-caller.js';
import { loadCredentials } from './kube-credentials.js';
import { collectionPath, objectPath, type Query, withQuery } from './kube-paths.js';
import { getObject, listObjects, watchObjects } from './kube-read.js';
import { openTransport, type TransportRequest } from './kube-transport.js';
import { applyObject, deleteObject, mergePatchObject, postObject } from './kube-write.js';

export interface KubeClientOptions {
  /** @default KUBECONFIG, ~/.kube/config, the pod's service account, in this order */
  readonly kubeconfigPath?: string | undefined;
  /** Owner of the fields that `create`, `apply` and `mergePatch` write. */
  readonly fieldManager: string;
  readonly metrics?: ((sample: RequestSample) => void) | undefined;
  /** Sockets for calls; watches have their own. @default 32 */
  readonly connections?: number | undefined;
  /** Per attempt: until headers, and between pieces of the body. @default 30000 */
  readonly timeoutMs?: number | undefined;
  /** Objects a page of `list`. @default 500 */
  readonly pageSize?: number | undefined;
}

export interface RawRequest {
  readonly method: TransportRequest['method'];
  readonly path: string;
  readonly query?: Query;
  readonly body?: unknown;
  /** @default application/json */
  readonly contentType?: string;
}

export interface KubeHttpClient extends KubeClient {
  readonly server: URL;
  /** Any path that answers JSON (discovery, `/version`). Repeated after a failure only when it is a GET. */
  request<T>(request: RawRequest, signal?: AbortSignal): Promise<T>;
}

const sendRaw = async <T>(
  caller: Caller,
  { method, path, query, body, contentType }: RawRequest,
  signal: AbortSignal | undefined,
): Promise<T> => {
  const payload =
    body === undefined ? {} : { contentType: contentType ?? 'application/json', body: JSON.stringify(body) };
  const request = { method, path: withQuery(path, query ?? {}), ...payload };
  const repeatable = method === 'GET' ? 'safe' : 'create';
  return await caller.call<T>({ verb: 'raw', resource: path, request, repeatable }, signal);
};

const clientOver = (caller: Caller, server: URL, manager: string, pageSize: number): Omit<KubeHttpClient, 'close'> => ({
  server,
  get: <T extends LiveObject>(ref: ObjectRef, signal?: AbortSignal) => getObject<T>(caller, ref, signal),
  list: (resource, options, signal) => listObjects(caller, pageSize, resource, options, signal),
  watch: (resource, options, signal) => watchObjects(caller, server, resource, options, signal),
  create(resource, object, signal) {
    const path = collectionPath(resource, object.metadata.namespace);
    return postObject(caller, manager, { verb: 'create', resource: resource.plural, path }, object, signal);
  },
  createSubresource(ref, subresource, body, signal) {
    const resource = `${ref.resource.plural}/${subresource}`;
    const path = objectPath(ref, subresource);
    return postObject(caller, manager, { verb: 'create', resource, path }, body, signal);
  },
  apply: (resource, object, options, signal) =>
    applyObject(caller, manager, resource, object, options?.dryRun === true, signal),
  mergePatch: (ref, patch, options, signal) =>
    mergePatchObject(caller, manager, ref, patch, options?.subresource, signal),
  delete: (ref, preconditions, signal) => deleteObject(caller, ref, preconditions, signal),
  request: (raw, signal) => sendRaw(caller, raw, signal),
});

/** Reads the configuration, and fails readably if it can't; the first request opens the first socket. */
export const createKubeClient = async (options: KubeClientOptions): Promise<KubeHttpClient> => {
  const credentials = loadCredentials(options.kubeconfigPath);
  await credentials.resolve();
  const transport = openTransport(credentials, options.connections ?? 32);
  const caller = createCaller({
    transport,
    timeoutMs: options.timeoutMs ?? 30_000,
    reloadCredentials: () => credentials.reload(),
    observe: options.metrics,
  });
  const client = clientOver(caller, transport.server, options.fieldManager, options.pageSize ?? 500);
  return { ...client, close: () => transport.close() };
};
