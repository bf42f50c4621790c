import type { ServerResponse } from 'node:http';
import { Entry } from '../entry.js';
import { ApiError, badRequest, statusOf } from '../errors.js';
import { apiVersionOf } from '../objects.js';
import type { Change } from '../watch-cache.js';
import type { Api } from './api.js';
import { encodeEvent, negotiate } from './encoding.js';
import { type Selection, selectEntries, selectionOf, selects } from './read.js';
import type { ResourceRequest } from './request.js';
import { view } from './view.js';

/** As the API server: an open watch ends between half an hour and an hour, so that clients spread. */
const SHORTEST_SECONDS = 1800;
const BOOKMARK_EVERY_MS = 60_000;
/** With a deadline, one bookmark comes this long before it. */
const BOOKMARK_BEFORE_MS = 2_000;
/** A reader that is this far behind is cut off, and lists again. */
const BACKLOG_BYTES = 64 * 1024 * 1024;

/** What a change is for somebody who sees only a selection: an object that leaves it is gone, one that enters is new. */
function eventFor(selection: Selection, change: Change): { readonly type: Change['type'] } | undefined {
  const now = change.type !== 'DELETED' && selects(selection, change.entry);
  const before = change.previous !== undefined && selects(selection, change.previous);
  if (now) return { type: before ? 'MODIFIED' : 'ADDED' };
  return before ? { type: 'DELETED' } : undefined;
}

/** Who saw the object leave the selection gets it as it last was in it, at the revision at which it left. */
function lastSeen({ type, entry, previous }: Change): Entry {
  if (type === 'DELETED' || previous === undefined) return entry;
  const metadata = { ...previous.object.metadata, resourceVersion: entry.object.metadata.resourceVersion };
  return new Entry({ ...previous.object, metadata }, entry.revision);
}

class WatchStream {
  readonly #request: ResourceRequest;
  readonly #response: ServerResponse;
  readonly #selection: Selection;
  readonly #encoding: ReturnType<typeof negotiate>;
  #first = true;

  constructor(request: ResourceRequest, response: ServerResponse) {
    this.#request = request;
    this.#response = response;
    this.#selection = selectionOf(request);
    this.#encoding = negotiate(request);
  }

  get selection(): Selection {
    return this.#selection;
  }

  send(type: string, entry: Entry): void {
    const shown = view(this.#request.resource, entry);
    this.#write(type, encodeEvent(this.#request, this.#encoding, shown, this.#first));
    this.#first = false;
  }

  change(change: Change): void {
    const { resource, namespace } = this.#request;
    if (resource.namespaced && namespace !== '' && change.entry.object.metadata.namespace !== namespace) return;
    const event = eventFor(this.#selection, change);
    if (event === undefined) return;
    this.send(event.type, event.type === 'DELETED' ? lastSeen(change) : change.entry);
  }

  bookmark(revision: number): void {
    if (this.#encoding === 'table') return;
    const { resource } = this.#request;
    const metadata = { resourceVersion: String(revision), creationTimestamp: null };
    this.#write(
      'BOOKMARK',
      JSON.stringify({ kind: resource.kind, apiVersion: apiVersionOf(resource.group, resource.version), metadata }),
    );
  }

  error(error: ApiError): void {
    this.#write('ERROR', JSON.stringify(statusOf(error)));
  }

  #write(type: string, object: string): void {
    // Ended, and not closed yet: a change or a bookmark that comes in between would be an error that nobody hears.
    if (this.#response.writableEnded || this.#response.destroyed) return;
    this.#response.write(`{"type":"${type}","object":${object}}\n`);
    if (this.#response.writableLength > BACKLOG_BYTES) this.#response.destroy();
  }
}

const goneError = (from: number, current: number): ApiError =>
  new ApiError(410, 'Expired', `too old resource version: ${from} (${current})`);

/** Streams changes until the caller leaves, the time is up, or `stopped` aborts. */
export function watchObjects(api: Api, request: ResourceRequest, response: ServerResponse, stopped: AbortSignal): void {
  const { query, resource } = request;
  if (query.get('sendInitialEvents') !== null) {
    throw new ApiError(
      422,
      'Invalid',
      'ListOptions.meta.k8s.io "" is invalid: sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled',
    );
  }
  const from = query.get('resourceVersion') ?? '';
  if (!/^\d*$/.test(from)) throw badRequest(`Invalid value for resourceVersion: ${JSON.stringify(from)}`);
  const stream = new WatchStream(request, response);
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
  response.flushHeaders();
  const collection = api.storage.collection(resource.storage);
  if (from === '' || from === '0') {
    for (const entry of selectEntries(api, request, stream.selection)) stream.send('ADDED', entry);
  } else {
    const missed = collection.changes.since(Number(from));
    if (missed === undefined) {
      stream.error(goneError(Number(from), api.storage.revision));
      response.end();
      return;
    }
    for (const change of missed) stream.change(change);
  }
  const unwatch = collection.changes.watch((change) => stream.change(change));
  endInTime(api, request, response, { stream, unwatch, stopped });
}

interface Running {
  readonly stream: WatchStream;
  readonly unwatch: () => void;
  readonly stopped: AbortSignal;
}

function endInTime(api: Api, { query }: ResourceRequest, response: ServerResponse, running: Running): void {
  const { stream, unwatch, stopped } = running;
  const asked = Number(query.get('timeoutSeconds') ?? 0);
  const seconds = asked > 0 ? asked : SHORTEST_SECONDS * (1 + Math.random());
  const bookmarks = query.get('allowWatchBookmarks') === 'true' || query.get('allowWatchBookmarks') === '1';
  const mark = (): void => {
    if (bookmarks) stream.bookmark(api.storage.revision);
  };
  const deadline = setTimeout(() => response.end(), seconds * 1000);
  const heartbeat = setInterval(mark, BOOKMARK_EVERY_MS);
  const last = setTimeout(mark, Math.max(0, seconds * 1000 - BOOKMARK_BEFORE_MS));
  const stop = (): void => void response.end();
  stopped.addEventListener('abort', stop);
  const release = (): void => {
    unwatch();
    clearTimeout(deadline);
    clearInterval(heartbeat);
    clearTimeout(last);
    stopped.removeEventListener('abort', stop);
  };
  // Who left while the request was read is told of no more.
  if (response.closed) release();
  else response.once('close', release);
}
