import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';

/** Where the pods of this node find the API server. */
export interface ApiServerAddress {
  readonly server: string;
  /** PEM, base64, as in a kubeconfig. */
  readonly certificateAuthorityData?: string;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/** A kubeconfig with one context; JSON is YAML. */
export function buildKubeconfig(address: ApiServerAddress, namespace: string, token: string): string {
  const { server, certificateAuthorityData } = address;
  const ca = certificateAuthorityData === undefined ? {} : { 'certificate-authority-data': certificateAuthorityData };
  return `${JSON.stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'local', cluster: { server, ...ca } }],
      users: [{ name: 'pod', user: { token } }],
      contexts: [{ name: 'pod', context: { cluster: 'local', user: 'pod', namespace } }],
      'current-context': 'pod',
    },
    null,
    2,
  )}\n`;
}

/** The cluster of a kubeconfig's current context: what the kubeconfigs of pods must point to. */
export function readApiServerAddress(path: string): ApiServerAddress {
  const config = asRecord(parse(readFileSync(path, 'utf8')));
  const context = asRecord(findNamed(config.contexts, config['current-context']).context);
  const cluster = asRecord(findNamed(config.clusters, context.cluster).cluster);
  const server = cluster.server;
  if (typeof server !== 'string') {
    throw new Error(`kubeconfig ${path} names no server in its current context: set clusters[].cluster.server`);
  }
  const inline = cluster['certificate-authority-data'];
  const file = cluster['certificate-authority'];
  if (typeof inline === 'string') return { server, certificateAuthorityData: inline };
  if (typeof file !== 'string') return { server };
  const certificate = readFileSync(resolve(dirname(path), file));
  return { server, certificateAuthorityData: certificate.toString('base64') };
}

const asRecord = (value: unknown): Readonly<Record<string, unknown>> => (isRecord(value) ? value : {});

const findNamed = (list: unknown, name: unknown): Readonly<Record<string, unknown>> =>
  asRecord(Array.isArray(list) ? list.find((entry) => asRecord(entry).name === name) : undefined);
