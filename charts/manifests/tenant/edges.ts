import type { NetworkPolicyPeer, NetworkPolicyPort } from 'kubernetes-types/networking/v1.js';
import { NAMESPACE_NAME_LABEL, PORTS } from '../names.js';
import { COMPONENTS } from './labels.js';
import type { TenantOptions } from './options.js';

/** One arrow of the dependency graph: who talks to whom on which ports. Each becomes one NetworkPolicy. */
export interface Edge {
  /** Stable: made of what the edge is, never of its place in a list. */
  readonly name: string;
  readonly direction: 'Ingress' | 'Egress';
  /** Which of the tenant's pods; undefined = all of them. */
  readonly component: string | undefined;
  readonly peers: readonly NetworkPolicyPeer[];
  readonly ports: readonly NetworkPolicyPort[];
}

const tcp = (port: number): NetworkPolicyPort => ({ protocol: 'TCP', port });

export const buildEdges = (o: TenantOptions): readonly Edge[] => [
  DNS,
  ...callersOf(o).map(buildIngressEdge),
  ...o.storePeers.map(buildStoreEdge),
  ...buildCloudEdges(o),
  ...buildIdentityEdges(o),
  ...buildArchiveEdges(o),
  ...o.egress.map(buildDeclaredEdge),
];

/** Labels of the cluster's DNS pods, and the fixed address of its node-local cache where there is one. */
const DNS: Edge = {
  name: 'egress-dns',
  direction: 'Egress',
  component: undefined,
  peers: [
    {
      namespaceSelector: { matchLabels: { [NAMESPACE_NAME_LABEL]: 'kube-system' } },
      podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
    },
    { ipBlock: { cidr: '169.254.20.10/32' } },
  ],
  ports: [{ protocol: 'UDP', port: 53 }, tcp(53)],
};

/** Namespaces that may call the service, each once: gateways, applications that hold a key, and who else is named. */
function callersOf(o: TenantOptions): readonly string[] {
  const gateways = o.gateway.parentRefs.map(({ namespace }) => namespace ?? o.namespace);
  const named = [...o.consumers, ...o.ingressFrom].map(({ namespace }) => namespace);
  return [...new Set([...gateways, ...named])].sort();
}

const buildIngressEdge = (namespace: string): Edge => ({
  name: `ingress-${namespace}`,
  direction: 'Ingress',
  component: COMPONENTS.memory,
  peers: [{ namespaceSelector: { matchLabels: { [NAMESPACE_NAME_LABEL]: namespace } } }],
  ports: [tcp(PORTS.memory)],
});

const buildStoreEdge = ({ name, cidr, port }: TenantOptions['storePeers'][number]): Edge => ({
  name: `egress-store-${name}`,
  direction: 'Egress',
  component: COMPONENTS.memory,
  peers: cidr === undefined ? ANYWHERE : [{ ipBlock: { cidr } }],
  ports: [tcp(port)],
});

/**
 * A NetworkPolicy knows addresses, not names: for a store that has only a name its port is open to any address, but
 * those of the machine itself, where clouds serve credentials.
 */
const ANYWHERE: readonly NetworkPolicyPeer[] = [
  { ipBlock: { cidr: '0.0.0.0/0', except: ['169.254.0.0/16'] } },
  { ipBlock: { cidr: '::/0', except: ['fe80::/10'] } },
];

/** The KMS, the keyring and the files of a cloud have names, and private endpoints addresses that nobody knows beforehand. */
function buildCloudEdges(o: TenantOptions): readonly Edge[] {
  const buckets = [o.keysBucketUrl, o.artifactsBucketUrl ?? 'file:'].filter((url) => !url.startsWith('file:'));
  const ports = new Set([...(o.kms.provider === 'file' ? [] : [443]), ...buckets.map(bucketPort)]);
  if (ports.size === 0) return [];
  return [
    {
      name: 'egress-cloud',
      direction: 'Egress',
      component: COMPONENTS.memory,
      peers: ANYWHERE,
      ports: [...ports].sort((a, b) => a - b).map(tcp),
    },
  ];
}

/** Where pods of a cloud get the credentials that their service account stands for. Azure's come over 443, like its KMS. */
const IDENTITY_ENDPOINTS: Readonly<Record<string, { readonly cidr: string; readonly ports: readonly number[] }>> = {
  aws: { cidr: '169.254.170.23/32', ports: [80] },
  // 988 is where GKE's metadata server really listens; policies are judged after that redirect on some data planes.
  gcp: { cidr: '169.254.169.254/32', ports: [80, 988] },
};

function buildIdentityEdges({ kms }: TenantOptions): readonly Edge[] {
  const endpoint = IDENTITY_ENDPOINTS[kms.provider];
  if (endpoint === undefined) return [];
  return [
    {
      name: 'egress-identity',
      direction: 'Egress',
      component: COMPONENTS.memory,
      peers: [{ ipBlock: { cidr: endpoint.cidr } }],
      ports: endpoint.ports.map(tcp),
    },
  ];
}

/** What puts the log under lock reads the database, writes into one bucket and is who its service account is: nothing else. */
function buildArchiveEdges(o: TenantOptions): readonly Edge[] {
  if (o.archive === undefined) return [];
  const component = COMPONENTS.archive;
  const bucket: readonly Edge[] = o.archive.bucketUrl.startsWith('file:')
    ? []
    : [
        {
          name: 'egress-archive-bucket',
          direction: 'Egress',
          component,
          peers: ANYWHERE,
          ports: archivePorts(o.archive.bucketUrl).map(tcp),
        },
      ];
  const databases = o.storePeers.filter(({ name }) => name.startsWith('postgres-'));
  const same = [...databases.map(buildStoreEdge), ...buildIdentityEdges(o)];
  return [
    ...same.map((edge) => ({ ...edge, name: edge.name.replace(/^egress-(store-)?/, 'egress-archive-'), component })),
    ...bucket,
  ];
}

/** Azure's directory, which gives the token, is not where the bucket is. */
const archivePorts = (bucketUrl: string): readonly number[] => [
  ...new Set([...(bucketUrl.startsWith('azure:') ? [443] : []), bucketPort(bucketUrl)]),
];

/** Of an endpoint that is named in the bucket's URL, else of the cloud's. */
function bucketPort(bucketUrl: string): number {
  const [, port = '443'] = /endpoint=https?%3A%2F%2F[^&%]+%3A(\d+)/.exec(bucketUrl) ?? [];
  return Number(port);
}

const buildDeclaredEdge = ({ name, cidr, ports }: TenantOptions['egress'][number]): Edge => ({
  name: `egress-declared-${name}`,
  direction: 'Egress',
  component: COMPONENTS.memory,
  peers: [{ ipBlock: { cidr } }],
  ports: ports.map(tcp),
});
