import type { EKSClient, PodIdentityAssociationSummary } from '@aws-sdk/client-eks';
import { Lately } from './lately.js';
import { type AccountAnnotations, type PodRoles, PodRolesError } from './pod-roles.js';

/** ARNs of roles by service account. */
export type Roles = Readonly<Record<string, string>>;

interface Opened {
  readonly sdk: typeof import('@aws-sdk/client-eks');
  readonly client: EKSClient;
}

export interface EksCluster {
  readonly name: string;
  readonly region?: string;
}

/** Its own default waits for ever. */
const PATIENCE = { maxAttempts: 4, requestHandler: { connectionTimeout: 3_000, requestTimeout: 10_000 } };

/** EKS Pod Identity: an association a service account, which puts the pod's namespace into its session. */
export class EksPodRoles {
  readonly #cluster: EksCluster;
  readonly #bound = new Lately<AccountAnnotations>();
  #opened: Promise<Opened> | undefined;

  constructor(cluster: EksCluster) {
    this.#cluster = cluster;
  }

  /** The same cluster, whose service accounts become these roles. */
  becoming(roles: Roles): PodRoles {
    return {
      bind: ({ namespace }) => this.#bind(namespace, roles),
      unbind: ({ namespace }) => this.#unbind(namespace),
    };
  }

  async #bind(namespace: string, roles: Roles): Promise<AccountAnnotations> {
    const wanted = JSON.stringify(Object.entries(roles).sort());
    const known = this.#bound.found(namespace, wanted);
    if (known !== undefined) return known;
    const there = await this.#list(namespace);
    for (const [serviceAccount, roleArn] of Object.entries(roles)) {
      const found = there.find((one) => one.serviceAccount === serviceAccount);
      await (found === undefined ? this.#create(namespace, serviceAccount, roleArn) : this.#correct(found, roleArn));
    }
    // Whoever may make Pods here would become what an account of another making is bound to.
    await this.#remove(there.filter(({ serviceAccount = '' }) => roles[serviceAccount] === undefined));
    return this.#bound.note(namespace, {}, wanted);
  }

  async #unbind(namespace: string): Promise<void> {
    this.#bound.forget(namespace);
    await this.#remove(await this.#list(namespace));
  }

  #list(namespace: string): Promise<readonly PodIdentityAssociationSummary[]> {
    return this.#ask(`look at the associations of ${namespace}`, async ({ sdk, client }) => {
      const found: PodIdentityAssociationSummary[] = [];
      const pages = sdk.paginateListPodIdentityAssociations({ client }, { clusterName: this.#cluster.name, namespace });
      for await (const { associations = [] } of pages) found.push(...associations);
      return found;
    });
  }

  async #create(namespace: string, serviceAccount: string, roleArn: string): Promise<void> {
    const association = { clusterName: this.#cluster.name, namespace, serviceAccount, roleArn };
    await this.#ask(`bind ${namespace}/${serviceAccount} to ${roleArn}`, ({ sdk, client }) =>
      client.send(new sdk.CreatePodIdentityAssociationCommand(association)),
    );
  }

  /** A list does not say which role. */
  async #correct({ associationId }: PodIdentityAssociationSummary, roleArn: string): Promise<void> {
    const which = { clusterName: this.#cluster.name, associationId };
    await this.#ask(`bind ${associationId} to ${roleArn}`, async ({ sdk, client }) => {
      const { association } = await client.send(new sdk.DescribePodIdentityAssociationCommand(which));
      if (association?.roleArn === roleArn) return;
      await client.send(new sdk.UpdatePodIdentityAssociationCommand({ ...which, roleArn }));
    });
  }

  async #remove(associations: readonly PodIdentityAssociationSummary[]): Promise<void> {
    for (const { associationId } of associations) {
      const which = { clusterName: this.#cluster.name, associationId };
      await this.#ask(`end the association ${associationId}`, ({ sdk, client }) =>
        client.send(new sdk.DeletePodIdentityAssociationCommand(which)).catch(unlessGone),
      );
    }
  }

  async #ask<T>(what: string, run: (opened: Opened) => Promise<T>): Promise<T> {
    this.#opened ??= openClient(this.#cluster);
    try {
      return await run(await this.#opened);
    } catch (cause) {
      const name = nameOf(cause);
      const remedy = REMEDIES[name] ?? 'check that EKS is reachable; it is tried again';
      throw new PodRolesError(`EKS did not ${what} in cluster ${this.#cluster.name}: ${name}`, remedy, cause);
    }
  }
}

const unlessGone = (cause: unknown): void => {
  if (nameOf(cause) !== 'NotFoundException' && nameOf(cause) !== 'ResourceNotFoundException') throw cause;
};

const nameOf = (cause: unknown): string =>
  typeof cause === 'object' && cause !== null && 'name' in cause ? String(cause.name) : 'Unknown';

const REMEDIES: Readonly<Record<string, string>> = {
  AccessDeniedException: "give the operator's role this right on the cluster and iam:PassRole on the role",
  ResourceNotFoundException: 'correct identity.clusterName of the MemoryPlane',
  InvalidParameterException: 'correct the role ARNs in identity of the MemoryPlane',
  ResourceInUseException: 'somebody else bound this account at the same time; it is tried again',
  ResourceLimitExceededException: 'a cluster holds 5,000 associations: place further tenants in another one',
  CredentialsProviderError: "bind the operator's own service account to its role",
};

const openClient = async ({ region }: EksCluster): Promise<Opened> => {
  const sdk = await import('@aws-sdk/client-eks');
  return { sdk, client: new sdk.EKSClient({ ...(region === undefined ? {} : { region }), ...PATIENCE }) };
};
