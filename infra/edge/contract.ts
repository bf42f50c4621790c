import type { ClusterOutput } from '../cluster/contract.js';
import { refused } from '../support/errors.js';
import type { Site } from '../support/site.js';
import type { Tags } from '../support/tags.js';

/** Who writes into the zone: for the proof of a certificate, and for names that lead to the way in. */
export type EdgeWorker = 'certManager' | 'externalDns';
export const EDGE_WORKERS: readonly EdgeWorker[] = ['certManager', 'externalDns'];

/** Namespace and service account, as the charts of both install them. */
export const EDGE_ACCOUNTS: Readonly<Record<EdgeWorker, readonly [namespace: string, account: string]>> = {
  certManager: ['cert-manager', 'cert-manager'],
  externalDns: ['external-dns', 'external-dns'],
};

/** Where tenants' names are kept. It is public by its nature: nothing stands in it but names and addresses. */
export interface EdgeConfig<S extends Site = Site> {
  readonly site: S;
  readonly name: string;
  readonly tags: Tags;
  readonly cluster: ClusterOutput;
  /** `example.com`, without a dot at its end. */
  readonly dnsZone: string;
  /** `dnsZone`, or a name within it: nobody of ours writes any other. */
  readonly baseDomain: string;
  /** `Made`: by this stack. Otherwise what the cloud knows an existing one by, or nothing: then nobody may write it. */
  readonly zone: 'Made' | { readonly id: string | undefined };
  /** Google Cloud and Azure: roles that the bootstrap made. */
  readonly roles: Readonly<Record<string, string>>;
}

export interface EdgeOutput {
  /** Id, name, or resource id. Absent where the zone is elsewhere. */
  readonly zoneID?: string;
  /** What the parent zone must delegate to; empty for a zone that others made. */
  readonly nameServers: readonly string[];
  /** Of the service accounts. */
  readonly annotations: Readonly<Record<EdgeWorker, Readonly<Record<string, string>>>>;
}

export const NOBODY: EdgeOutput['annotations'] = { certManager: {}, externalDns: {} };

/** What a certificate's proof is written under, for the domain and for everything below it. */
export const challengesOf = (domain: string): readonly string[] => [
  `_acme-challenge.${domain}`,
  `_acme-challenge.*.${domain}`,
];

export function checkEdge({ name, dnsZone, baseDomain }: EdgeConfig): void {
  if (baseDomain === dnsZone || baseDomain.endsWith(`.${dnsZone}`)) return;
  const why = `${baseDomain} does not lie within it`;
  throw refused(`edge ${name}.dnsZone`, dnsZone, why, 'set edge.dnsZone in the spec');
}
