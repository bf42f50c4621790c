import type { Entry } from '../entry.js';
import { ApiError, badRequest, notFound } from '../errors.js';
import { apiVersionOf, type Dict } from '../objects.js';
import type { Resource } from '../resources/resource.js';
import { isCustom } from '../resources/resource.js';
import type { Api } from './api.js';
import { type Encoding, encodeList, encodeOne, negotiate } from './encoding.js';
import { checkFieldSelector, matchesFields } from './field-labels.js';
import type { Answer, ResourceRequest } from './request.js';
import {
  type FieldRequirement,
  matchesLabels,
  parseFieldSelector,
  parseLabelSelector,
  type Requirement,
} from './selectors.js';
import { subjectOf } from './subject.js';
import { view } from './view.js';

export interface Selection {
  readonly labels: readonly Requirement[];
  readonly fields: readonly FieldRequirement[];
}

export function selectionOf({ resource, query }: ResourceRequest): Selection {
  const fields = parseFieldSelector(query.get('fieldSelector'));
  checkFieldSelector(resource, fields);
  return { labels: parseLabelSelector(query.get('labelSelector')), fields };
}

export const selects = ({ labels, fields }: Selection, entry: Entry): boolean =>
  matchesLabels(labels, entry.object.metadata.labels) && matchesFields(fields, entry.object);

/** Throws NotFound. */
export function readEntry(api: Api, { resource, namespace, name }: ResourceRequest): Entry {
  const key = resource.namespaced ? namespace : '';
  const entry = api.storage.collection(resource.storage).get(key, name);
  if (entry === undefined) throw notFound(subjectOf(resource, name));
  return view(resource, entry);
}

export function getOne(api: Api, request: ResourceRequest): Answer {
  return { status: 200, json: encodeOne(request, readEntry(api, request)) };
}

/** The entries that a list would show, without pages: `name` fields of the selector are looked up, not searched. */
export function selectEntries(api: Api, request: ResourceRequest, selection: Selection): readonly Entry[] {
  const { resource, namespace } = request;
  const collection = api.storage.collection(resource.storage);
  const within = resource.namespaced && namespace !== '' ? namespace : resource.namespaced ? undefined : '';
  const name = selection.fields.find(({ path, equal }) => path === 'metadata.name' && equal)?.value;
  const single = name !== undefined && within !== undefined;
  const found = single ? collection.get(within, name) : undefined;
  const candidates = single ? (found === undefined ? [] : [found]) : collection.list(within);
  const all = isCustom(resource) ? candidates.map((entry) => view(resource, entry)) : candidates;
  return selection.labels.length + selection.fields.length === 0
    ? all
    : all.filter((entry) => selects(selection, entry));
}

export function checkRevision(api: Api, query: URLSearchParams): void {
  const text = query.get('resourceVersion') ?? '';
  if (text === '' || text === '0') return;
  if (!/^\d+$/.test(text)) throw badRequest(`Invalid value for resourceVersion: ${JSON.stringify(text)}`);
  if (Number(text) <= api.storage.revision) return;
  const message = `Too large resource version: ${text}, current: ${api.storage.revision}`;
  const causes = [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }];
  throw new ApiError(504, 'Timeout', `Timeout: ${message}`, { causes, retryAfterSeconds: 1 });
}

export function listObjects(api: Api, request: ResourceRequest): Answer {
  const { query } = request;
  const encoding = negotiate(request);
  const limit = Number(query.get('limit') ?? 0);
  const token = query.get('continue') ?? '';
  const selection = selectionOf(request);
  if (token !== '') return listPage(api, request, encoding, token, limit);
  checkRevision(api, query);
  const entries = selectEntries(api, request, selection);
  const { revision } = api.storage;
  if (limit <= 0 || entries.length <= limit)
    return answerList(request, encoding, entries, { resourceVersion: String(revision) });
  const id = api.snapshots.keep(entries, revision);
  const plain = selection.labels.length + selection.fields.length === 0;
  return answerList(request, encoding, entries.slice(0, limit), {
    resourceVersion: String(revision),
    continue: api.snapshots.token(id, limit),
    ...(plain ? { remainingItemCount: entries.length - limit } : {}),
  });
}

function listPage(api: Api, request: ResourceRequest, encoding: Encoding, token: string, limit: number): Answer {
  const { entries, revision, id, offset } = api.snapshots.open(token);
  const end = limit > 0 ? offset + limit : entries.length;
  const left = entries.length - end;
  return answerList(request, encoding, entries.slice(offset, end), {
    resourceVersion: String(revision),
    ...(left > 0 ? { continue: api.snapshots.token(id, end), remainingItemCount: left } : {}),
  });
}

const answerList = (
  request: ResourceRequest,
  encoding: Encoding,
  entries: readonly Entry[],
  metadata: Dict,
): Answer => ({
  status: 200,
  json: encodeList(request, encoding, entries, metadata),
});

export const versionOf = (resource: Resource): string => apiVersionOf(resource.group, resource.version);
