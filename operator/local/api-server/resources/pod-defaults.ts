import type { MutableDict } from '../objects.js';
import { fill, objectIn, objectsIn, optionalIn } from './drafts.js';

/** What Kubernetes fills in a pod's spec, in pods and templates alike. */
export function fillPodSpec(spec: MutableDict): void {
  fill(spec, {
    restartPolicy: 'Always',
    dnsPolicy: 'ClusterFirst',
    schedulerName: 'default-scheduler',
    terminationGracePeriodSeconds: 30,
  });
  objectIn(spec, 'securityContext');
  mirrorServiceAccount(spec);
  for (const container of [...objectsIn(spec, 'initContainers'), ...objectsIn(spec, 'containers')]) {
    fillContainer(container);
  }
  for (const volume of objectsIn(spec, 'volumes')) fillVolume(volume);
}

function mirrorServiceAccount(spec: MutableDict): void {
  const name = spec.serviceAccountName ?? spec.serviceAccount;
  if (name === undefined || name === '') return;
  spec.serviceAccountName = name;
  spec.serviceAccount = name;
}

function fillContainer(container: MutableDict): void {
  fill(container, {
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: pullPolicy(container.image),
    resources: {},
  });
  for (const port of objectsIn(container, 'ports')) fill(port, { protocol: 'TCP' });
  for (const variable of objectsIn(container, 'env')) fillFieldRef(optionalIn(variable, 'valueFrom'));
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe']) fillProbe(optionalIn(container, name));
  const lifecycle = optionalIn(container, 'lifecycle');
  for (const name of ['postStart', 'preStop']) {
    const handler = lifecycle === undefined ? undefined : optionalIn(lifecycle, name);
    if (handler !== undefined) fillHttpGet(handler);
  }
}

function pullPolicy(image: unknown): string {
  const name = typeof image === 'string' ? (image.split('/').at(-1) ?? '') : '';
  if (name.includes('@')) return 'IfNotPresent';
  const tag = name.split(':')[1];
  return tag === undefined || tag === 'latest' ? 'Always' : 'IfNotPresent';
}

function fillFieldRef(source: MutableDict | undefined): void {
  const fieldRef = source === undefined ? undefined : optionalIn(source, 'fieldRef');
  if (fieldRef !== undefined) fill(fieldRef, { apiVersion: 'v1' });
}

function fillProbe(probe: MutableDict | undefined): void {
  if (probe === undefined) return;
  fill(probe, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 });
  fillHttpGet(probe);
  const grpc = optionalIn(probe, 'grpc');
  if (grpc !== undefined) fill(grpc, { service: '' });
}

function fillHttpGet(handler: MutableDict): void {
  const httpGet = optionalIn(handler, 'httpGet');
  if (httpGet !== undefined) fill(httpGet, { path: '/', scheme: 'HTTP' });
}

/** 0644, as Kubernetes writes it in JSON. */
const FILE_MODE = 420;
const HOUR_SECONDS = 3600;

function fillVolume(volume: MutableDict): void {
  if (Object.keys(volume).every((field) => field === 'name')) volume.emptyDir = {};
  for (const source of ['secret', 'configMap', 'projected', 'downwardAPI']) {
    const found = optionalIn(volume, source);
    if (found !== undefined) fill(found, { defaultMode: FILE_MODE });
  }
  const hostPath = optionalIn(volume, 'hostPath');
  if (hostPath !== undefined) fill(hostPath, { type: '' });
  const projected = optionalIn(volume, 'projected');
  for (const source of projected === undefined ? [] : objectsIn(projected, 'sources')) {
    const token = optionalIn(source, 'serviceAccountToken');
    if (token !== undefined) fill(token, { expirationSeconds: HOUR_SECONDS });
    fillDownward(optionalIn(source, 'downwardAPI'));
  }
  fillDownward(optionalIn(volume, 'downwardAPI'));
}

function fillDownward(source: MutableDict | undefined): void {
  for (const item of source === undefined ? [] : objectsIn(source, 'items')) fillFieldRef(item);
}

/** Only in pods, not in templates: what is requested is what the limit says unless it says otherwise. */
export function fillRequests(spec: MutableDict): void {
  for (const container of [...objectsIn(spec, 'initContainers'), ...objectsIn(spec, 'containers')]) {
    const resources = optionalIn(container, 'resources');
    const limits = resources === undefined ? undefined : optionalIn(resources, 'limits');
    if (resources !== undefined && limits !== undefined) fill(objectIn(resources, 'requests'), { ...limits });
  }
}
