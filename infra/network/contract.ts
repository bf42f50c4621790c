import type { ITerraformDependable } from 'cdktf';
import type { Key } from '../kms/contract.js';
import { refused } from '../support/errors.js';
import type { Cloud, Site } from '../support/site.js';
import type { Tags } from '../support/tags.js';

/** Whatever listens in the network. `reader` is a read replica of Postgres: people's reports never touch the primary. */
export type Listener = 'postgres' | 'reader' | 'redis' | 'endpoints';
/** A queue listens at the private endpoints, with everything else that the cloud runs. */
export type Store = Exclude<Listener, 'endpoints'> | 'queue';

export interface Flow {
  /** `nodes`: pods of the service. `bi`: the ranges in `biSourceCidrs`. */
  readonly from: 'nodes' | 'bi';
  readonly to: Listener;
}

/** Who may open a connection to what: the whole list. Each cloud renders it, and none knows another source. */
export const FLOWS: readonly Flow[] = [
  { from: 'nodes', to: 'postgres' },
  { from: 'nodes', to: 'reader' },
  { from: 'bi', to: 'reader' },
  { from: 'nodes', to: 'redis' },
  { from: 'nodes', to: 'endpoints' },
];

export const PORTS: Readonly<Record<Cloud, Readonly<Record<Listener, number>>>> = {
  aws: { postgres: 5432, reader: 5432, redis: 6379, endpoints: 443 },
  gcp: { postgres: 5432, reader: 5432, redis: 6379, endpoints: 443 },
  azure: { postgres: 5432, reader: 5432, redis: 10_000, endpoints: 443 },
};

/** A destination outside of the network, by name. */
export interface Egress {
  readonly name: string;
  readonly cidr: string;
  readonly ports: readonly number[];
}

export type Three<T> = readonly [T, T, T];

export interface NetworkConfig<S extends Site = Site> {
  readonly site: S;
  readonly name: string;
  readonly tags: Tags;
  readonly zones: Three<string>;
  /** Everything below but pods and services lies within it. */
  readonly cidr: string;
  /** One a zone. AWS only: elsewhere translation and load balancers stand outside of every subnet. */
  readonly publicCidrs: Three<string>;
  /** One a zone. Google Cloud, whose subnets span zones, takes the first. */
  readonly nodeCidrs: Three<string>;
  /**
   * AWS: one a zone. Google Cloud: Redis' endpoints, the databases' ranges in this region and in the second.
   * Azure: zone-redundant databases, their read replicas, and one that is kept free.
   */
  readonly dataCidrs: Three<string>;
  /** Azure: private endpoints. AWS keeps them beside the data, one a zone. */
  readonly endpointCidr: string;
  readonly controlPlaneCidr: string;
  readonly podCidr: string;
  readonly serviceCidr: string;
  /** What encrypts the flow logs. On Azure they lie in `flowLogsTo`, under its own key. */
  readonly key: Key;
  /** Azure: id of the storage account that keeps the flow logs. @default none */
  readonly flowLogsTo?: string;
  /** Otherwise one for all, which falls with its zone. Google Cloud's is regional either way. @default true */
  readonly natPerZone?: boolean;
  /** @default none: nodes reach the private endpoints and nothing else */
  readonly egress?: readonly Egress[];
  /** Lets a destination be everywhere: only by a waiver. @default false */
  readonly egressAnywhere?: boolean;
  /** Ranges of people's reporting tools, reached through a peering or VPN. @default none */
  readonly biSourceCidrs?: readonly string[];
  /** @default 400 */
  readonly flowLogDays?: number;
  /** AWS: what else nodes call by a private endpoint, by its name there. @default none */
  readonly endpoints?: readonly string[];
}

/** How a store is placed so that only {@link FLOWS} reach it. */
export interface StoreAccess {
  readonly subnets: readonly string[];
  /** AWS: security groups. Elsewhere rules speak of ranges, and there are none. */
  readonly groups: readonly string[];
  /** Azure: id of the private zone in which its name is found. */
  readonly dnsZone: string | undefined;
  /** What must exist before the first store. */
  readonly ready: readonly ITerraformDependable[];
}

export interface NetworkOutput {
  readonly id: string;
  /** One a zone; Google Cloud: one for all. */
  readonly nodeSubnets: readonly string[];
  /** AWS: the group of nodes. Elsewhere rules speak of ranges. */
  readonly nodeGroups: readonly string[];
  /** Azure: the API server's subnet. Google Cloud: its range. AWS: it stands beside the nodes. */
  readonly controlPlane: string;
  readonly stores: Readonly<Record<Store, StoreAccess>>;
  /** Where a private endpoint is placed. */
  readonly endpoints: Omit<StoreAccess, 'dnsZone'>;
}

export interface ResolvedNetwork<S extends Site> extends Omit<NetworkConfig<S>, 'flowLogsTo'> {
  readonly flowLogsTo: string | undefined;
  readonly natPerZone: boolean;
  readonly egress: readonly Egress[];
  readonly biSourceCidrs: readonly string[];
  readonly flowLogDays: number;
}

export function withNetworkDefaults<S extends Site>(config: NetworkConfig<S>): ResolvedNetwork<S> {
  const network = {
    ...config,
    flowLogsTo: config.flowLogsTo,
    natPerZone: config.natPerZone ?? true,
    egress: config.egress ?? [],
    biSourceCidrs: config.biSourceCidrs ?? [],
    flowLogDays: config.flowLogDays ?? 400,
  };
  checkDestinations(network);
  checkFlowLogs(network);
  return network;
}

const ANYWHERE = /\/0$/;

function checkDestinations({ name, egress, egressAnywhere, biSourceCidrs }: ResolvedNetwork<Site>): void {
  for (const { name: to, cidr, ports } of egress) {
    const at = `network ${name}.egress ${to}`;
    if (ANYWHERE.test(cidr) && egressAnywhere !== true)
      throw refused(at, cidr, 'egress needs a named destination', 'name its range');
    if (ports.length === 0) throw refused(`${at}.ports`, ports, 'nothing is let out', 'name a port');
  }
  for (const cidr of biSourceCidrs.filter((one) => ANYWHERE.test(one))) {
    const remedy = 'name the range of the peering or VPN';
    throw refused(`network ${name}.biSourceCidrs`, cidr, 'the internet never reaches data', remedy);
  }
}

function checkFlowLogs({ site, name, key, flowLogsTo, flowLogDays }: ResolvedNetwork<Site>): void {
  if (!Number.isInteger(flowLogDays) || flowLogDays < 1) {
    throw refused(`network ${name}.flowLogDays`, flowLogDays, 'every connection is logged', 'name whole days from 1');
  }
  if (site.cloud === 'azure' && flowLogsTo === undefined) {
    const remedy = 'pass logTarget of the access-log bucket';
    throw refused(`network ${name}.flowLogsTo`, flowLogsTo, 'every connection is logged', remedy);
  }
  if (key.purpose !== 'ops') {
    throw refused(`network ${name}.key`, key.purpose, 'logs have a key of their own', 'pass the ops key');
  }
}
