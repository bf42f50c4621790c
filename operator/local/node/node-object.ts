import { arch, cpus, hostname, release, totalmem } from 'node:os';
import { type KubeClient, KubeError } from '../../clients/kube.js';
import { RESOURCES } from '../../clients/kube-resources.js';
import type { Log } from '../../runtime/log.js';
import { apiTime } from '../kinds.js';
import { delay } from '../waiting.js';
import { POD_IP } from './field-ref.js';

/** The controllers of a real cluster take a node for dead when its lease is older than 40 s: half of that is soon enough. */
const LEASE_SECONDS = 40;
const LEASE_RENEW_MS = 20_000;
const LEASE_NAMESPACE = 'kube-node-lease';
const MAX_PODS = 250;

/** What the API server asks a node's programs for, and its answer is in the node's status. */
export interface NodeEndpoints {
  /** Serves `/containerLogs`; unset where the API server reads logs from the agent directly. */
  readonly kubeletPort?: number | undefined;
}

/** Makes the Node object, or brings an earlier agent's up to date. */
export async function registerNode(client: KubeClient, name: string, endpoints: NodeEndpoints): Promise<void> {
  const ref = { resource: RESOURCES.nodes, name };
  if ((await client.get(ref)) === undefined) {
    const labels = {
      'kubernetes.io/hostname': hostname(),
      'kubernetes.io/os': process.platform,
      'kubernetes.io/arch': nodeArch(),
    };
    await client
      .create(RESOURCES.nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name, labels } })
      .catch(ignoreExisting);
  }
  await client.mergePatch(ref, { status: buildNodeStatus(endpoints, new Date()) }, { subresource: 'status' });
}

const FAREWELL_MS = 2_000;

/** The node stays listed, as one that nobody runs. */
export async function markNodeStopped(client: KubeClient, name: string): Promise<void> {
  const conditions = [buildReady('Unknown', 'NodeAgentStopped', 'the node agent has been stopped', new Date())];
  const ref = { resource: RESOURCES.nodes, name };
  const soon = AbortSignal.timeout(FAREWELL_MS);
  await client.mergePatch(ref, { status: { conditions } }, { subresource: 'status' }, soon);
}

/** Renews the node's lease until the signal aborts: the only writes of a node at rest, and only where they are needed. */
export async function keepLease(client: KubeClient, nodeName: string, log: Log, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await renewLease(client, nodeName, signal);
    } catch (err) {
      if (!signal.aborted) log.warn({ err, node: nodeName }, 'node lease not renewed; trying again');
    }
    await delay(LEASE_RENEW_MS, signal);
  }
}

async function renewLease(client: KubeClient, name: string, signal: AbortSignal): Promise<void> {
  const renewTime = new Date().toISOString().replace('Z', '000Z');
  const spec = { holderIdentity: name, leaseDurationSeconds: LEASE_SECONDS, renewTime };
  const ref = { resource: RESOURCES.leases, name, namespace: LEASE_NAMESPACE };
  try {
    await client.mergePatch(ref, { spec }, undefined, signal);
  } catch (error) {
    if (!(error instanceof KubeError) || error.status !== 404) throw error;
    const metadata = { name, namespace: LEASE_NAMESPACE };
    await client.create(
      RESOURCES.leases,
      { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec },
      signal,
    );
  }
}

function buildNodeStatus({ kubeletPort }: NodeEndpoints, now: Date) {
  const capacity = { cpu: String(cpus().length), memory: `${Math.floor(totalmem() / 1024)}Ki`, pods: String(MAX_PODS) };
  return {
    capacity,
    allocatable: capacity,
    conditions: [buildReady('True', 'NodeAgentReady', 'the node agent runs pods as local processes', now)],
    addresses: [
      { type: 'InternalIP', address: POD_IP },
      { type: 'Hostname', address: hostname() },
    ],
    ...(kubeletPort === undefined ? {} : { daemonEndpoints: { kubeletEndpoint: { Port: kubeletPort } } }),
    nodeInfo: {
      architecture: nodeArch(),
      operatingSystem: process.platform,
      osImage: `${process.platform} ${release()}`,
      kernelVersion: release(),
      containerRuntimeVersion: `local://${process.version}`,
      kubeletVersion: process.version,
      kubeProxyVersion: '',
      machineID: '',
      systemUUID: '',
      bootID: '',
    },
  };
}

const buildReady = (status: 'True' | 'Unknown', reason: string, message: string, now: Date) => ({
  type: 'Ready',
  status,
  reason,
  message,
  lastHeartbeatTime: apiTime(now),
  lastTransitionTime: apiTime(now),
});

const nodeArch = (): string => ({ x64: 'amd64' })[arch() as string] ?? arch();

function ignoreExisting(error: unknown): void {
  if (!(error instanceof KubeError) || error.reason !== 'AlreadyExists') throw error;
}
