import type { Entry } from '../entry.js';
import { notAcceptable } from '../errors.js';
import { apiVersionOf, type Dict, type KubeObject } from '../objects.js';
import { isCustom } from '../resources/resource.js';
import { buildTable, tableRow } from '../tables/table.js';
import type { ResourceRequest } from './request.js';

/** How the caller wants to see objects. */
export type Encoding = 'json' | 'table' | 'metadata';

/** The first form the caller names that we speak. kubectl lists protobuf first and takes JSON; only who insists is refused. */
export function negotiate({ accept }: Pick<ResourceRequest, 'accept'>): Encoding {
  if (accept === '') return 'json';
  for (const range of accept.split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
    if (type !== 'application/json' && type !== 'application/*' && type !== '*/*') continue;
    const as = parameters.find((parameter) => parameter.startsWith('as='))?.slice(3);
    if (as === undefined) return 'json';
    if (as === 'Table') return 'table';
    if (as.startsWith('PartialObjectMetadata')) return 'metadata';
  }
  throw notAcceptable('only the following media types are accepted: application/json, application/json;as=Table');
}

const partial = ({ metadata }: KubeObject): Dict => ({
  kind: 'PartialObjectMetadata',
  apiVersion: 'meta.k8s.io/v1',
  metadata,
});

export function encodeOne(request: ResourceRequest, entry: Entry, encoding: Encoding = negotiate(request)): string {
  switch (encoding) {
    case 'table':
      return JSON.stringify(buildTable(request, [entry], { resourceVersion: String(entry.revision) }));
    case 'metadata':
      return JSON.stringify(partial(entry.object));
    default:
      return entry.json;
  }
}

export function encodeList(
  request: ResourceRequest,
  encoding: Encoding,
  entries: readonly Entry[],
  metadata: Dict,
): string {
  const { resource } = request;
  if (encoding === 'table') return JSON.stringify(buildTable(request, entries, metadata));
  const partials = encoding === 'metadata';
  const kind = partials ? 'PartialObjectMetadataList' : resource.listKind;
  const apiVersion = partials ? 'meta.k8s.io/v1' : apiVersionOf(resource.group, resource.version);
  const items = entries.map((entry) => {
    if (partials) return JSON.stringify(partial(entry.object));
    return isCustom(resource) ? entry.json : withoutType(entry);
  });
  const head = JSON.stringify({ kind, apiVersion, metadata });
  return `${head.slice(0, -1)},"items":[${items.join(',')}]}`;
}

/** Items of built-in lists carry no apiVersion and kind: they are the list's. */
function withoutType(entry: Entry): string {
  const { apiVersion, kind } = entry.object;
  const prefix = `{"apiVersion":${JSON.stringify(apiVersion)},"kind":${JSON.stringify(kind)},`;
  return entry.json.startsWith(prefix) ? `{${entry.json.slice(prefix.length)}` : entry.json;
}

/** A watch event's object. */
export function encodeEvent(request: ResourceRequest, encoding: Encoding, entry: Entry, first: boolean): string {
  if (encoding !== 'table') return encodeOne(request, entry, encoding);
  const table = buildTable(request, [], { resourceVersion: String(entry.revision) });
  const definitions = first ? table.columnDefinitions : null;
  return JSON.stringify({ ...table, columnDefinitions: definitions, rows: [tableRow(request, entry)] });
}
