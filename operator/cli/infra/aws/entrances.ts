import {
  DescribeAccessEntryCommand,
  DescribeNodegroupCommand,
  EKSClient,
  paginateListAccessEntries,
  paginateListAssociatedAccessPolicies,
} from '@aws-sdk/client-eks';
import { listed } from '../graph.js';
import type { Facts, Target } from '../target.js';
import { rightText } from './expected-services.js';
import { nameIn } from './policy.js';
import { type AwsOptions, ask, clientConfig } from './request.js';
import { type Service, serviceOf } from './service.js';

/** Who enters the cluster as what, and what its machines are made after. */
export const openEntrances = (options: AwsOptions): Readonly<Record<string, Service>> => ({
  entrances: serviceOf((region) => new EKSClient(clientConfig(region, options)), readEntrances),
  pool: serviceOf((region) => new EKSClient(clientConfig(region, options)), readPool),
});

const ABSENT = ['ResourceNotFoundException'];

async function readEntrances(client: EKSClient, { name: clusterName }: Target): Promise<Facts | undefined> {
  const listing = (async () => {
    const found: string[] = [];
    for await (const { accessEntries = [] } of paginateListAccessEntries({ client }, { clusterName })) {
      found.push(...accessEntries);
    }
    return found;
  })();
  const principals = await ask(listing, ABSENT);
  if (principals === undefined) return undefined;
  const entries = await Promise.all(
    principals.map(async (principalArn) => {
      const command = new DescribeAccessEntryCommand({ clusterName, principalArn });
      const entry = (await ask(client.send(command), ABSENT))?.accessEntry;
      return { principalArn, type: entry?.type, rights: await readRights(client, clusterName, principalArn) };
    }),
  );
  // What nodes are let in by is made by AWS, and has another type.
  const people = entries.filter(({ type }) => type === 'STANDARD');
  return {
    'who enters': listed(people.map(({ principalArn }) => nameIn(principalArn))),
    ...Object.fromEntries(people.map(({ principalArn, rights }) => [`rights of ${nameIn(principalArn)}`, rights])),
  };
}

async function readRights(client: EKSClient, clusterName: string, principalArn: string): Promise<string | undefined> {
  const listing = (async () => {
    const found: string[] = [];
    const pages = paginateListAssociatedAccessPolicies({ client }, { clusterName, principalArn });
    for await (const { associatedAccessPolicies = [] } of pages) {
      found.push(
        ...associatedAccessPolicies.map(({ policyArn, accessScope }) => rightText(policyArn, accessScope?.type)),
      );
    }
    return found;
  })();
  return listed(await ask(listing, ABSENT));
}

/** The template is what says how disks and metadata are; the pool says which. */
async function readPool(client: EKSClient, { name: path }: Target): Promise<Facts | undefined> {
  const [clusterName, nodegroupName] = path.split('/');
  const pool = (await ask(client.send(new DescribeNodegroupCommand({ clusterName, nodegroupName })), ABSENT))
    ?.nodegroup;
  if (pool === undefined) return undefined;
  return {
    'made after': pool.launchTemplate?.name,
    system: pool.amiType,
    'kept for': listed((pool.taints ?? []).map(({ key, value, effect }) => `${key}=${value}:${effect}`)),
    role: pool.nodeRole?.split('/').at(-1),
  };
}
