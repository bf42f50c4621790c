import type { K8sObject } from '../../../charts/manifests/object.js';
import { unusableError } from '../errors.js';
import type { PlaneOutputs } from './outputs-schema.js';

const AUTHORITY = 'https://acme-v02.api.letsencrypt.org/directory';

type Edge = NonNullable<PlaneOutputs['edge']>;

/** Certificates of every tenant's name, proved in the zone: a wildcard is proved in no other way. */
export function buildClusterIssuer(outputs: PlaneOutputs): K8sObject {
  const { edge } = outputs;
  if (edge?.zoneID === undefined) {
    throw unusableError('--cluster-issuer: no zone is known that this plane may write into', [
      'set edge.manageZone, or edge.zoneId, in the spec and apply the plane; or make the issuer by hand',
    ]);
  }
  const { issuer, dnsZone, zoneID } = edge;
  return {
    apiVersion: 'cert-manager.io/v1',
    kind: 'ClusterIssuer',
    metadata: { name: issuer.name },
    spec: {
      acme: {
        server: AUTHORITY,
        ...(issuer.email === undefined ? {} : { email: issuer.email }),
        privateKeySecretRef: { name: `${issuer.name}-account` },
        solvers: [{ selector: { dnsZones: [dnsZone] }, dns01: solverOf(outputs, edge, zoneID) }],
      },
    },
  };
}

function solverOf({ cloud, region, kms: { keyID } }: PlaneOutputs, edge: Edge, zoneID: string) {
  switch (cloud) {
    case 'aws':
      return { route53: { region, hostedZoneID: zoneID } };
    case 'gcp':
      return { cloudDNS: { project: keyID.split('/')[1] ?? '', hostedZoneName: zoneID } };
    case 'azure': {
      const [, , subscriptionID = '', , resourceGroupName = ''] = zoneID.split('/');
      const clientID = edge.annotations.certManager?.['azure.workload.identity/client-id'] ?? '';
      const where = { subscriptionID, resourceGroupName, hostedZoneName: edge.dnsZone };
      return { azureDNS: { ...where, environment: 'AzurePublicCloud', managedIdentity: { clientID } } };
    }
  }
}

/** Of charts that others install: whose account needs which annotation, and what the parent zone must say. */
export function listEdgeNotes({ edge, baseDomain }: PlaneOutputs): readonly string[] {
  if (edge === undefined) return [];
  const { dnsZone, managed, nameServers, annotations, zoneID } = edge;
  return [
    managed && nameServers.length > 0
      ? `the delegation of ${dnsZone} to ${nameServers.join(', ')}, by whoever keeps its parent`
      : `the zone ${dnsZone}, which somebody else keeps`,
    ...(zoneID === undefined
      ? [`a certificate for *.${baseDomain}: nobody of this plane writes into the zone`]
      : [
          ...annotated('cert-manager/cert-manager', annotations.certManager),
          ...annotated('external-dns/external-dns', annotations.externalDns),
        ]),
  ];
}

export function listMetricsNotes({ metrics }: PlaneOutputs): readonly string[] {
  if (metrics?.target !== 'managed') return [];
  const { provider, endpoint, annotations } = metrics;
  if (provider !== 'amp') return [`metrics: the cloud scrapes; ask ${endpoint}`];
  return [
    `metrics: a scraper that writes to ${endpoint?.replace(/\/+$/, '')}/api/v1/remote_write`,
    ...annotated('monitoring/prometheus', annotations),
  ];
}

const annotated = (account: string, annotations: Readonly<Record<string, string>> | undefined): readonly string[] =>
  Object.entries(annotations ?? {}).map(([key, value]) => `service account ${account} with ${key}: ${value}`);
