import { awsEgress, awsReach, awsRoutes } from './reach-aws.js';
import { azureAddresses, azureReach, gcpLastRule, gcpMembers, gcpReach, otherEgress } from './reach-others.js';
import type { Evidence, Rule, World } from './rule.js';
import { at, type Json, resourcesOf, shown } from './terraform-json.js';

/** I14, Q05: no path from the internet to data. */
const reach: Rule = {
  id: 'NET-REACH',
  title: 'No walk along the rules of the network leads from the internet to whatever answers calls',
  topic: 'network',
  scanners: [
    'CKV_AWS_260',
    'CKV_AWS_24',
    'CKV_AWS_25',
    'CKV_GCP_2',
    'CKV_GCP_3',
    'CKV_AZURE_9',
    'CKV_AZURE_10',
    'CKV2_AZURE_31',
  ],
  remedy: 'name the group or range that may call; the internet ends at the load balancer',
  prove: (world) => {
    switch (world.cloud) {
      case 'aws':
        return awsReach(world);
      case 'gcp':
        return [...gcpReach(world), ...gcpLastRule(world)];
      case 'azure':
        return azureReach(world);
    }
  },
};

const routes: Rule = {
  id: 'NET-ROUTE',
  title: 'Where data stands there is no way to the internet, and public addresses are of gateways that only lead out',
  topic: 'network',
  scanners: ['CKV_AZURE_119'],
  remedy: 'give data subnets a route table of their own, without a default route',
  prove: (world) => (world.cloud === 'aws' ? awsRoutes(world) : world.cloud === 'azure' ? azureAddresses(world) : []),
};

const egress: Rule = {
  id: 'NET-EGRESS-ANY',
  title: 'Whatever leaves the network goes to a destination with a name',
  topic: 'network',
  scanners: ['CKV_AWS_382', 'AWS-0104'],
  remedy: 'add the destination to network.egress with its range and ports',
  prove: (world) => (world.cloud === 'aws' ? awsEgress(world) : otherEgress(world)),
};

const members: Rule = {
  id: 'NET-EVERYBODY',
  title: 'No role is granted to everybody',
  topic: 'access',
  scanners: ['CKV_GCP_28', 'CKV_GCP_113', 'CKV2_GCP_6', 'CKV2_GCP_8'],
  remedy: 'grant to an account, a group or a pod',
  prove: (world) => (world.cloud === 'gcp' ? gcpMembers(world) : []),
};

const ENDPOINT: Readonly<Record<World['cloud'], readonly [type: string, ...path: string[]]>> = {
  aws: ['aws_eks_cluster', 'vpc_config', 'endpoint_public_access'],
  gcp: ['google_container_cluster', 'private_cluster_config', 'enable_private_endpoint'],
  azure: ['azurerm_kubernetes_cluster', 'private_cluster_enabled'],
};

/** `publicEndpoint` is a decision of the environment, which has a waiver of the same name. */
const endpoint: Rule = {
  id: 'CLUSTER-PUBLIC',
  title: "The cluster's API server has no public address",
  topic: 'network',
  scanners: ['CKV_AWS_39', 'CKV_AWS_38', 'CKV_GCP_18', 'CKV_AZURE_115', 'AWS-0040'],
  remedy: 'leave cluster.publicEndpoint off; runners and people come through the network',
  prove: (world): readonly Evidence[] => {
    const [type, ...path] = ENDPOINT[world.cloud];
    const wanted: Json = world.cloud !== 'aws';
    return world.stacks.flatMap((stack) =>
      resourcesOf(stack.json, type).map(({ address, attributes }) => {
        const value = at(attributes, ...path);
        const verdict = value === wanted ? 'pass' : world.production ? 'fail' : 'warn';
        const told = { attribute: path.join('.'), value: shown(value), wanted: shown(wanted) };
        return { verdict, stack: stack.name, address, ...told } as const;
      }),
    );
  },
};

export const networkRules: readonly Rule[] = [reach, routes, egress, members, endpoint];
