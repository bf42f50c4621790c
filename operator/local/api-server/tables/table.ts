import type { Entry } from '../entry.js';
import type { Dict } from '../objects.js';
import type { ResourceRequest } from '../rest/request.js';
import { columnsOf } from './columns.js';

export interface Table extends Dict {
  readonly columnDefinitions: readonly Dict[] | null;
  readonly rows: readonly Dict[];
}

/** One row; by default it carries the object's metadata, from which kubectl takes labels and namespace. */
export function tableRow({ resource, query }: ResourceRequest, { object }: Entry): Dict {
  const now = Date.now();
  const cells = columnsOf(resource).map(({ cell }) => cell(object, now));
  const include = query.get('includeObject');
  if (include === 'None') return { cells };
  if (include === 'Object') return { cells, object };
  return { cells, object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata } };
}

export function buildTable(request: ResourceRequest, entries: readonly Entry[], metadata: Dict): Table {
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: columnsOf(request.resource).map(({ name, type, format, description, priority }) => ({
      name,
      type,
      format,
      description,
      priority,
    })),
    rows: entries.map((entry) => tableRow(request, entry)),
  };
}
