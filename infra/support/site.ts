import type { TerraformProvider } from 'cdktf';

export type Cloud = 'aws' | 'gcp' | 'azure';

/** Where a unit is built and who may administer it. Every unit is picked by `site.cloud`. */
export type Site = AwsSite | GcpSite | AzureSite;

export interface AwsSite {
  readonly cloud: 'aws';
  readonly partition: string;
  readonly accountId: string;
  readonly region: string;
  /** Path of every role that a unit makes, so that one permission can name them all. */
  readonly rolePath: string;
  readonly principals: AwsPrincipals;
  /**
   * The provider of this region.
   * @default the stack's only unaliased AWS provider
   */
  readonly provider?: TerraformProvider;
}

/**
 * ARNs that policies name. `deploy` stands in a Principal and must exist first; the others stand in
 * conditions on `aws:PrincipalArn`, which AWS does not check for existence.
 */
export interface AwsPrincipals {
  readonly deploy: string;
  readonly compliance: string;
  readonly breakGlass: string;
  readonly operator: string;
  /** One for all of them; beside it one each for those who run without Kubernetes. */
  readonly tenant: string | readonly string[];
  readonly witness: string;
  readonly externalSecrets: string;
}

export interface GcpSite {
  readonly cloud: 'gcp';
  readonly projectId: string;
  readonly projectNumber: string;
  readonly region: string;
  /** Addresses, as the console shows them. */
  readonly principals: GcpPrincipals;
}

export interface GcpPrincipals {
  /** Of a service account. */
  readonly deploy: string;
  /** Of groups. */
  readonly compliance: string;
  readonly breakGlass: string;
}

export interface AzureSite {
  readonly cloud: 'azure';
  readonly entraTenantId: string;
  readonly subscriptionId: string;
  readonly region: string;
  readonly resourceGroup: string;
  readonly deployPrincipalId: string;
  /** The Entra group that administers clusters. */
  readonly adminGroupId: string;
  readonly complianceGroupId: string;
  readonly breakGlassGroupId: string;
  /** An immutability policy cannot be created `Locked`: the first apply says `Unlocked`, the second `Locked`. */
  readonly immutability: 'Unlocked' | 'Locked';
}

/** Spread into every AWS resource, so that none of a second region lands in the first. */
export function providerOf(site: AwsSite): { readonly provider?: TerraformProvider } {
  return site.provider === undefined ? {} : { provider: site.provider };
}
