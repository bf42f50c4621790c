import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { ServicePort } from 'kubernetes-types/core/v1.js';
import type { Endpoint, EndpointPort } from 'kubernetes-types/discovery/v1.js';
import type { K8sObject } from '../../../charts/manifests/object.js';
import type { LiveObject } from '../../clients/kube.js';
import { RESOURCES } from '../../clients/kube-resources.js';
import type { RunResult } from '../../runtime/queue.js';
import { type LivePod, type LiveService, namespaceOf } from '../kinds.js';
import { readLocalPorts, resolvePort } from '../node/ports.js';
import { buildOwnerReference, isControlledBy, splitKey } from './ownership.js';
import { isReady, isTerminal } from './pod-state.js';
import type { WorkloadContext } from './workload-context.js';

const SERVICE_NAME = 'kubernetes.io/service-name';
const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';

type Slice = K8sObject & { readonly endpoints: readonly Endpoint[]; readonly ports: readonly EndpointPort[] };

/** Keeps a Service's EndpointSlices: where its pods really listen on this machine. */
export const reconcileEndpointSlices =
  (context: WorkloadContext) =>
  async (key: string): Promise<RunResult> => {
    const { client } = context;
    const { name, namespace } = splitKey(key);
    const service = await client.get<LiveService>({ resource: RESOURCES.services, name, namespace });
    if (service === undefined || service.metadata.deletionTimestamp !== undefined) return {};
    if (service.spec.selector === undefined) return {};
    const pods = (await client.list<LivePod>(RESOURCES.pods, { namespace })).items.filter((pod) =>
      selects(service, pod),
    );
    const present = (await client.list(RESOURCES.endpointSlices, { namespace })).items.filter((slice) =>
      isControlledBy(slice, service),
    );
    await applySlices(context, buildSlices(service, pods), present);
    return {};
  };

export function selects(service: LiveService, pod: LivePod): boolean {
  const selector = Object.entries(service.spec.selector ?? {});
  return selector.length > 0 && selector.every(([key, value]) => pod.metadata.labels?.[key] === value);
}

/** One slice for each set of ports, as Kubernetes groups them; here nearly every pod has ports of its own. */
export function buildSlices(service: LiveService, pods: readonly LivePod[]): readonly Slice[] {
  const groups = new Map<string, { readonly ports: readonly EndpointPort[]; readonly endpoints: Endpoint[] }>();
  const reachable = pods.filter((pod) => pod.status?.podIP !== undefined && !isTerminal(pod));
  for (const pod of [...reachable].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))) {
    const ports = (service.spec.ports ?? []).flatMap((port) => buildPort(pod, port));
    const key = JSON.stringify(ports);
    const group = groups.get(key) ?? { ports, endpoints: [] };
    group.endpoints.push(buildEndpoint(pod));
    groups.set(key, group);
  }
  return [...groups].map(([key, group]) => buildSlice(service, key, group));
}

function buildPort(pod: LivePod, port: ServicePort): readonly EndpointPort[] {
  const actual = resolvePort(pod.spec, readLocalPorts(pod), port.targetPort ?? port.port);
  return actual === undefined ? [] : [{ name: port.name ?? '', port: actual, protocol: port.protocol ?? 'TCP' }];
}

function buildEndpoint(pod: LivePod): Endpoint {
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const ready = isReady(pod);
  const { name, namespace = '', uid } = pod.metadata;
  return {
    addresses: [pod.status?.podIP ?? ''],
    conditions: { ready: ready && !terminating, serving: ready, terminating },
    nodeName: pod.spec.nodeName ?? '',
    targetRef: { kind: 'Pod', namespace, name, uid },
  };
}

function buildSlice(
  service: LiveService,
  key: string,
  { ports, endpoints }: { readonly ports: readonly EndpointPort[]; readonly endpoints: readonly Endpoint[] },
): Slice {
  const { name } = service.metadata;
  const hash = createHash('sha256').update(key).digest('hex').slice(0, 8);
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${name}-${hash}`,
      namespace: namespaceOf(service),
      labels: { [SERVICE_NAME]: name, [MANAGED_BY]: 'local-endpointslice-controller' },
      ...{ ownerReferences: [buildOwnerReference(service)] },
    },
    addressType: 'IPv4',
    ports,
    endpoints,
  };
}

async function applySlices(
  { client }: WorkloadContext,
  wanted: readonly Slice[],
  present: readonly LiveObject[],
): Promise<void> {
  const names = new Set(wanted.map((slice) => slice.metadata.name));
  for (const slice of wanted) {
    const live = present.find(({ metadata }) => metadata.name === slice.metadata.name);
    if (live !== undefined && isDeepStrictEqual(live.endpoints, slice.endpoints)) continue;
    await client.apply(RESOURCES.endpointSlices, slice);
  }
  for (const { metadata } of present.filter((slice) => !names.has(slice.metadata.name))) {
    const ref = { resource: RESOURCES.endpointSlices, name: metadata.name, namespace: metadata.namespace ?? '' };
    await client.delete(ref, { uid: metadata.uid });
  }
}
