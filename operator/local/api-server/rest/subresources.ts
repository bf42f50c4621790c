import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import { ApiError, badRequest, conflict, invalid, methodNotAllowed, notFound } from '../errors.js';
import {
  type Dict,
  type DraftObject,
  dictAt,
  isDict,
  isMutableDict,
  listAt,
  numberAt,
  stringAt,
  stringsAt,
} from '../objects.js';
import { modelSchema } from '../schema/models.js';
import { pathValue, withPathValue } from '../tables/json-path.js';
import type { Api } from './api.js';
import { checkVersion, draftOf, liveOf } from './change.js';
import { decodeBody } from './decode.js';
import { deleteObject } from './delete.js';
import { applyPatch } from './patch.js';
import { readEntry } from './read.js';
import type { Answer, ResourceRequest } from './request.js';
import { subjectOf } from './subject.js';
import { updateObject, writerOf } from './write.js';

const answer = (status: number, value: unknown): Answer => ({ status, json: JSON.stringify(value) });

const created = (message = ''): Answer =>
  answer(201, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    ...(message === '' ? {} : { message }),
    code: 201,
  });

/** Binding puts a pod on a node, once. */
export function bindPod(api: Api, request: ResourceRequest): Answer {
  if (request.verb !== 'create') throw methodNotAllowed();
  const body = decodeBody(request);
  const node = stringAt(body, 'target', 'name') ?? '';
  if (node === '') throw badRequest('binding.target.name: Required value: name the node to bind to');
  const live = liveOf(api, request);
  const bound = stringAt(live, 'spec', 'nodeName') ?? '';
  if (bound !== '')
    throw conflict(
      subjectOf(request.resource, request.name),
      `pod ${request.name} is already assigned to node "${bound}"`,
    );
  const draft = draftOf(live);
  draft.spec = { ...dictAt(live, 'spec'), nodeName: node };
  const annotations = isDict(body) ? dictAt(body, 'metadata', 'annotations') : undefined;
  if (annotations !== undefined) {
    draft.metadata.annotations = { ...draft.metadata.annotations, ...(annotations as Record<string, string>) };
  }
  const scheduled = {
    type: 'PodScheduled',
    status: 'True',
    lastProbeTime: null,
    lastTransitionTime: api
      .now()
      .toISOString()
      .replace(/\.\d+Z/, 'Z'),
  };
  const others = listAt(live, 'status', 'conditions').filter(
    (condition) => !isDict(condition) || condition.type !== 'PodScheduled',
  );
  draft.status = { ...dictAt(live, 'status'), conditions: [...others, scheduled] };
  delete draft.metadata.managedFields;
  updateObject(api, { ...request, subresource: 'binding' }, { live, draft });
  return created();
}

/** An eviction is a deletion that asks: nothing here refuses it, since no budget is enforced on one machine. */
export function evictPod(api: Api, request: ResourceRequest): Answer {
  if (request.verb !== 'create') throw methodNotAllowed();
  const body = decodeBody(request);
  deleteObject(api, request, liveOf(api, request), {
    uid: stringAt(body, 'deleteOptions', 'preconditions', 'uid'),
    resourceVersion: undefined,
    graceSeconds: numberAt(body, 'deleteOptions', 'gracePeriodSeconds'),
    propagation: undefined,
    dryRun: false,
  });
  return created();
}

const HOUR_SECONDS = 3600;
const SHORTEST_SECONDS = 600;

export function requestToken(api: Api, request: ResourceRequest): Answer {
  if (request.verb !== 'create') throw methodNotAllowed();
  const { metadata } = liveOf(api, request);
  const body = decodeBody(request);
  const seconds = numberAt(body, 'spec', 'expirationSeconds') ?? HOUR_SECONDS;
  if (seconds < SHORTEST_SECONDS) {
    throw invalid({ group: 'authentication.k8s.io', kind: 'TokenRequest', name: '' }, [
      {
        reason: 'FieldValueInvalid',
        field: 'spec.expirationSeconds',
        message: `Invalid value: ${seconds}: may not specify a duration less than 10 minutes`,
      },
    ]);
  }
  const given = stringsAt(body, 'spec', 'audiences');
  const audiences = given.length === 0 ? ['https://kubernetes.default.svc'] : given;
  const account = { namespace: metadata.namespace ?? '', name: metadata.name, uid: metadata.uid };
  const { token, expires } = api.signer.mint(account, audiences, seconds);
  return answer(201, {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name: metadata.name, namespace: metadata.namespace, creationTimestamp: null },
    spec: { audiences, expirationSeconds: seconds, boundObjectRef: null },
    status: { token, expirationTimestamp: expires.toISOString().replace(/\.\d+Z/, 'Z') },
  });
}

/** Only `spec.finalizers` of a namespace: the namespace goes when the last one and the last of `metadata` are gone. */
export function finalizeNamespace(api: Api, request: ResourceRequest): Answer {
  if (request.verb !== 'update') throw methodNotAllowed();
  const body = decodeBody(request);
  if (!isMutableDict(body)) throw badRequest('a namespace is expected');
  const live = liveOf(api, request);
  checkVersion(request.resource, { metadata: dictAt(body, 'metadata') ?? {} } as unknown as DraftObject, live);
  const draft = draftOf(live);
  const finalizers = stringsAt(body, 'spec', 'finalizers');
  draft.spec = finalizers.length === 0 ? {} : { finalizers };
  delete draft.metadata.managedFields;
  return { status: 200, json: updateObject(api, request, { live, draft }).json };
}

/** The scale of an object, read through the paths that its kind names. */
function scaleOf(request: ResourceRequest, object: Dict): Dict {
  const paths = request.resource.scale;
  if (paths === undefined) throw notFound(subjectOf(request.resource, request.name));
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata as Readonly<
    Record<string, string>
  >;
  const selector = isDict(pathValue(object, '.spec.selector'))
    ? labelSelectorText(pathValue(object, '.spec.selector'))
    : undefined;
  const named = paths.labelSelectorPath === undefined ? undefined : pathValue(object, paths.labelSelectorPath);
  const text = selector ?? (typeof named === 'string' ? named : undefined);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, ...(namespace === undefined ? {} : { namespace }), uid, resourceVersion, creationTimestamp },
    spec: { replicas: pathValue(object, paths.specReplicasPath) ?? 0 },
    status: {
      replicas: pathValue(object, paths.statusReplicasPath) ?? 0,
      ...(text === undefined ? {} : { selector: text }),
    },
  };
}

function labelSelectorText(selector: unknown): string {
  return Object.entries(dictAt(selector, 'matchLabels') ?? {})
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(',');
}

export function serveScale(api: Api, request: ResourceRequest): Answer {
  if (request.verb === 'get') return answer(200, scaleOf(request, readEntry(api, request).object));
  if (request.verb !== 'update' && request.verb !== 'patch') throw methodNotAllowed();
  const live = liveOf(api, request);
  const current = scaleOf(request, live);
  const scaleRequest = { ...request, resource: { ...request.resource, schema: modelSchema('V1Scale') } };
  const wanted =
    request.verb === 'update'
      ? decodeBody(request)
      : applyPatch(scaleRequest, current, request.contentType.split(';')[0] ?? '');
  if (!isDict(wanted)) throw badRequest('a Scale is expected');
  checkVersion(request.resource, { metadata: dictAt(wanted, 'metadata') ?? {} } as unknown as DraftObject, live);
  const replicas = numberAt(wanted, 'spec', 'replicas') ?? 0;
  if (replicas < 0 || !Number.isInteger(replicas)) {
    throw invalid({ group: 'autoscaling', kind: 'Scale', name: request.name }, [
      {
        reason: 'FieldValueInvalid',
        field: 'spec.replicas',
        message: `Invalid value: ${replicas}: must be greater than or equal to 0`,
      },
    ]);
  }
  const path = request.resource.scale?.specReplicasPath ?? '.spec.replicas';
  const draft = withPathValue(draftOf(live), path, replicas) as DraftObject;
  delete draft.metadata.managedFields;
  // The change is the object's own, so the scope is the object's; its owner is told apart by `scale`.
  const writer = writerOf(request, 'Update');
  const entry = updateObject(api, { ...request, subresource: '' }, { live, draft, writer });
  return answer(200, scaleOf(request, entry.object));
}

/** Logs come from whoever runs the pod. */
export function streamLog(api: Api, request: ResourceRequest, response: ServerResponse): void {
  const { namespace, name, query, resource } = request;
  const pod = readEntry(api, request).object;
  const container = query.get('container') ?? '';
  const names = [...listAt(pod, 'spec', 'containers'), ...listAt(pod, 'spec', 'initContainers')].map((one) =>
    stringAt(one, 'name'),
  );
  if (container !== '' && !names.includes(container)) {
    throw badRequest(`container ${container} is not valid for pod ${name}`);
  }
  const logs = api.podLogs()?.(namespace, name, query);
  if (logs === undefined) {
    const because =
      api.podLogs() === undefined ? 'no node agent has registered its logs' : 'its node has no log of it (yet)';
    throw new ApiError(404, 'NotFound', `the log of ${resource.plural} "${name}" is not available: ${because}`);
  }
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-cache, private' });
  response.flushHeaders();
  pipeline(logs, response, (error) => {
    if (error !== null && error !== undefined) response.destroy();
  });
}
