import {
  KubeError,
  type ListOptions,
  type ListResult,
  type LiveObject,
  type ObjectRef,
  type Resource,
} from './kube.js';
import type { Caller } from './kube-caller.js';
import { collectionPath, objectPath, withQuery } from './kube-paths.js';
import { readEvents } from './kube-watch.js';

interface ListPage<T> {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly T[] | null;
}

export const isStatus = (error: unknown, status: number): boolean =>
  error instanceof KubeError && error.status === status;

export const getObject = async <T extends LiveObject>(
  caller: Caller,
  ref: ObjectRef,
  signal?: AbortSignal,
): Promise<T | undefined> => {
  const request = { method: 'GET', path: objectPath(ref) } as const;
  try {
    const call = { verb: 'get', resource: ref.resource.plural, request, repeatable: 'safe' } as const;
    return await caller.call<T>(call, signal);
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
};

const listPages = async <T extends LiveObject>(
  caller: Caller,
  resource: Resource,
  { namespace, labelSelector, fieldSelector }: ListOptions,
  limit: number | undefined,
  signal: AbortSignal | undefined,
): Promise<ListResult<T>> => {
  const items: T[] = [];
  let token: string | undefined;
  for (;;) {
    const query = { limit, continue: token, labelSelector, fieldSelector };
    const path = withQuery(collectionPath(resource, namespace), query);
    const request = { method: 'GET', path } as const;
    const call = { verb: 'list', resource: resource.plural, request, repeatable: 'safe' } as const;
    const page = await caller.call<ListPage<T>>(call, signal);
    for (const item of page.items ?? []) items.push(withKind(item, resource));
    token = page.metadata.continue;
    if (token === undefined || token === '') return { items, resourceVersion: page.metadata.resourceVersion };
  }
};

/** Built-in kinds leave apiVersion and kind out of the items of a list. */
const withKind = <T extends LiveObject>(item: T, { apiVersion, kind }: Resource): T =>
  item.kind === undefined ? Object.assign({ apiVersion, kind }, item) : item;

export const listObjects = async <T extends LiveObject>(
  caller: Caller,
  pageSize: number,
  resource: Resource,
  options: ListOptions = {},
  signal?: AbortSignal,
): Promise<ListResult<T>> => {
  try {
    return await listPages<T>(caller, resource, options, pageSize, signal);
  } catch (error) {
    if (!isStatus(error, 410)) throw error;
    // The snapshot behind `continue` was compacted away between two pages; one answer without pages can't expire.
    return await listPages<T>(caller, resource, options, undefined, signal);
  }
};

/** The server closes a watch after 5 to 10 minutes, spread so that all watches do not come back at once. */
const watchSeconds = (): number => 300 + Math.floor(Math.random() * 300);

export async function* watchObjects<T extends LiveObject>(
  caller: Caller,
  server: URL,
  resource: Resource,
  { namespace, labelSelector, fieldSelector, resourceVersion }: ListOptions & { readonly resourceVersion: string },
  signal: AbortSignal,
) {
  if (signal.aborted) return;
  const path = withQuery(collectionPath(resource, namespace), {
    watch: true,
    allowWatchBookmarks: true,
    timeoutSeconds: watchSeconds(),
    resourceVersion,
    labelSelector,
    fieldSelector,
  });
  const request = { method: 'GET', path } as const;
  try {
    const call = { verb: 'watch', resource: resource.plural, request, repeatable: 'safe' } as const;
    const body = await caller.stream(call, signal);
    yield* readEvents<T>(body, { server, request: `GET ${path}`, signal });
  } catch (error) {
    // Who aborts knows it: the stream just ends.
    if (!signal.aborted) throw error;
  }
}
