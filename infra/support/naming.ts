import { refused } from './errors.js';
import type { Cloud } from './site.js';

/** What a vendor accepts as a name. */
export interface NameRule {
  readonly min: number;
  readonly max: number;
  readonly pattern: RegExp;
  /** What goes between the parts; Azure storage accounts take no separator at all. */
  readonly separator: '-' | '';
  /** How far the name must be unique. */
  readonly unique: 'world' | 'account' | 'region' | 'parent';
  readonly source: string;
}

export type Nameable =
  | 'bucket'
  | 'keyStore'
  | 'key'
  | 'role'
  | 'container'
  | 'network'
  | 'postgres'
  | 'redis'
  | 'queue'
  | 'secret'
  | 'registry'
  | 'cluster';

const AWS_DOCS = 'https://docs.aws.amazon.com';
const GCP_DOCS = 'https://cloud.google.com';
const AZURE_DOCS = 'https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules';

export const NAME_RULES: Readonly<Record<Cloud, Readonly<Record<Nameable, NameRule>>>> = {
  aws: {
    bucket: {
      min: 3,
      max: 63,
      pattern: /^[a-z0-9][a-z0-9-]*[a-z0-9]$/,
      separator: '-',
      unique: 'world',
      source: `${AWS_DOCS}/AmazonS3/latest/userguide/bucketnamingrules.html`,
    },
    // A prefix of aliases: `alias/` (6) and the longest key name (8, with its hyphen) must still fit into 256.
    keyStore: {
      min: 1,
      max: 242,
      pattern: /^(?!aws-)[A-Za-z0-9_-]+$/,
      separator: '-',
      unique: 'region',
      source: `${AWS_DOCS}/kms/latest/APIReference/API_CreateAlias.html`,
    },
    key: {
      min: 1,
      max: 256,
      pattern: /^alias\/(?!aws\/)[A-Za-z0-9/_-]+$/,
      separator: '-',
      unique: 'region',
      source: `${AWS_DOCS}/kms/latest/APIReference/API_CreateAlias.html`,
    },
    role: {
      min: 1,
      max: 64,
      pattern: /^[\w+=,.@-]+$/,
      separator: '-',
      unique: 'account',
      source: `${AWS_DOCS}/IAM/latest/UserGuide/reference_iam-quotas.html`,
    },
    container: {
      min: 1,
      max: 63,
      pattern: /^[a-z0-9-]+$/,
      separator: '-',
      unique: 'parent',
      source: 'ours: S3 has no containers',
    },
    // A prefix of security groups: the longest of their names (9, with its hyphen) must still fit into 255.
    network: {
      min: 1,
      max: 246,
      pattern: /^(?!sg-)[A-Za-z0-9 ._-]+$/,
      separator: '-',
      unique: 'parent',
      source: `${AWS_DOCS}/vpc/latest/userguide/creating-security-groups.html`,
    },
    postgres: {
      min: 1,
      max: 63,
      pattern: /^[a-z](?!.*--)[a-z0-9-]*[a-z0-9]$/,
      separator: '-',
      unique: 'region',
      source: `${AWS_DOCS}/AmazonRDS/latest/UserGuide/CHAP_Limits.html`,
    },
    redis: {
      min: 1,
      max: 40,
      pattern: /^[a-z](?!.*--)[a-z0-9-]*[a-z0-9]$/,
      separator: '-',
      unique: 'region',
      source: `${AWS_DOCS}/AmazonElastiCache/latest/APIReference/API_CreateReplicationGroup.html`,
    },
    queue: {
      min: 1,
      max: 80,
      pattern: /^[\w-]+$/,
      separator: '-',
      unique: 'region',
      source: `${AWS_DOCS}/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html`,
    },
    registry: {
      min: 2,
      max: 256,
      pattern: /^[a-z][a-z0-9]*([./_-][a-z0-9]+)*$/,
      separator: '-',
      unique: 'region',
      source: `${AWS_DOCS}/AmazonECR/latest/APIReference/API_CreateRepository.html`,
    },
    // 52 and not 100: the names of its node groups and their roles are made of it.
    cluster: {
      min: 1,
      max: 52,
      pattern: /^[0-9A-Za-z][\w-]*$/,
      separator: '-',
      unique: 'region',
      source: `${AWS_DOCS}/eks/latest/APIReference/API_CreateCluster.html`,
    },
    secret: {
      min: 1,
      max: 512,
      pattern: /^[\w/+=.@-]+$/,
      separator: '-',
      unique: 'region',
      source: `${AWS_DOCS}/secretsmanager/latest/apireference/API_CreateSecret.html`,
    },
  },
  gcp: {
    bucket: {
      min: 3,
      max: 63,
      pattern: /^(?!goog)(?!.*google)[a-z0-9][a-z0-9_-]*[a-z0-9]$/,
      separator: '-',
      unique: 'world',
      source: `${GCP_DOCS}/storage/docs/buckets#naming`,
    },
    keyStore: {
      min: 1,
      max: 63,
      pattern: /^[A-Za-z0-9_-]+$/,
      separator: '-',
      unique: 'region',
      source: `${GCP_DOCS}/kms/docs/reference/rest/v1/projects.locations.keyRings/create`,
    },
    key: {
      min: 1,
      max: 63,
      pattern: /^[A-Za-z0-9_-]+$/,
      separator: '-',
      unique: 'parent',
      source: `${GCP_DOCS}/kms/docs/reference/rest/v1/projects.locations.keyRings.cryptoKeys/create`,
    },
    role: {
      min: 3,
      max: 64,
      pattern: /^[a-zA-Z0-9_.]+$/,
      separator: '',
      unique: 'account',
      source: `${GCP_DOCS}/iam/docs/reference/rest/v1/projects.roles/create`,
    },
    container: {
      min: 1,
      max: 63,
      pattern: /^[a-z0-9-]+$/,
      separator: '-',
      unique: 'parent',
      source: 'ours: Cloud Storage has no containers',
    },
    network: {
      min: 1,
      max: 63,
      pattern: /^[a-z]([a-z0-9-]*[a-z0-9])?$/,
      separator: '-',
      unique: 'account',
      source: `${GCP_DOCS}/compute/docs/naming-resources`,
    },
    // 98 together with the project, whose id has 30 at most.
    postgres: {
      min: 1,
      max: 67,
      pattern: /^[a-z]([a-z0-9-]*[a-z0-9])?$/,
      separator: '-',
      unique: 'account',
      source: `${GCP_DOCS}/sql/docs/postgres/instance-settings`,
    },
    redis: {
      min: 4,
      max: 63,
      pattern: /^[a-z][a-z0-9-]*[a-z0-9]$/,
      separator: '-',
      unique: 'region',
      source: `${GCP_DOCS}/memorystore/docs/valkey/create-instances`,
    },
    queue: {
      min: 3,
      max: 255,
      pattern: /^(?!goog)[A-Za-z][\w.~+%-]*$/,
      separator: '-',
      unique: 'account',
      source: `${GCP_DOCS}/pubsub/docs/pubsub-basics#resource_names`,
    },
    registry: {
      min: 2,
      max: 63,
      pattern: /^[a-z][a-z0-9-]*[a-z0-9]$/,
      separator: '-',
      unique: 'region',
      source: `${GCP_DOCS}/artifact-registry/docs/repositories/create-repos`,
    },
    cluster: {
      min: 1,
      max: 40,
      pattern: /^[a-z]([a-z0-9-]*[a-z0-9])?$/,
      separator: '-',
      unique: 'region',
      source: `${GCP_DOCS}/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters`,
    },
    secret: {
      min: 1,
      max: 255,
      pattern: /^[\w-]+$/,
      separator: '-',
      unique: 'account',
      source: `${GCP_DOCS}/secret-manager/docs/reference/rest/v1/projects.secrets/create`,
    },
  },
  azure: {
    bucket: { min: 3, max: 24, pattern: /^[a-z0-9]+$/, separator: '', unique: 'world', source: AZURE_DOCS },
    keyStore: {
      min: 3,
      max: 24,
      pattern: /^[a-z](?!.*--)[a-z0-9-]*[a-z0-9]$/,
      separator: '-',
      unique: 'world',
      source: AZURE_DOCS,
    },
    key: { min: 1, max: 127, pattern: /^[A-Za-z0-9-]+$/, separator: '-', unique: 'parent', source: AZURE_DOCS },
    role: {
      min: 3,
      max: 128,
      pattern: /^[A-Za-z0-9][\w-]+$/,
      separator: '-',
      unique: 'parent',
      source: AZURE_DOCS,
    },
    container: {
      min: 3,
      max: 63,
      pattern: /^[a-z0-9](?!.*--)[a-z0-9-]*$/,
      separator: '-',
      unique: 'parent',
      source: AZURE_DOCS,
    },
    network: { min: 2, max: 64, pattern: /^[a-z0-9][\w.-]*$/i, separator: '-', unique: 'parent', source: AZURE_DOCS },
    postgres: {
      min: 3,
      max: 63,
      pattern: /^[a-z0-9][a-z0-9-]*[a-z0-9]$/,
      separator: '-',
      unique: 'world',
      source: AZURE_DOCS,
    },
    redis: {
      min: 1,
      max: 60,
      pattern: /^[a-z0-9](?!.*--)[a-z0-9-]*[a-z0-9]$/,
      separator: '-',
      unique: 'world',
      source: AZURE_DOCS,
    },
    queue: {
      min: 6,
      max: 50,
      pattern: /^[a-z](?!.*-sb$)(?!.*-mgmt$)[a-z0-9-]*[a-z0-9]$/,
      separator: '-',
      unique: 'world',
      source: AZURE_DOCS,
    },
    registry: { min: 5, max: 50, pattern: /^[a-z0-9]+$/, separator: '', unique: 'world', source: AZURE_DOCS },
    cluster: {
      min: 1,
      max: 63,
      pattern: /^[A-Za-z0-9]([\w-]*[A-Za-z0-9])?$/,
      separator: '-',
      unique: 'parent',
      source: AZURE_DOCS,
    },
    secret: { min: 1, max: 127, pattern: /^[A-Za-z0-9-]+$/, separator: '-', unique: 'parent', source: AZURE_DOCS },
  },
};

/** Joins the parts as this cloud wants them and refuses what the vendor would refuse an hour later. */
export function buildName(cloud: Cloud, what: Nameable, parts: readonly string[]): string {
  return checkName(cloud, what, parts.join(NAME_RULES[cloud][what].separator));
}

export function checkName(cloud: Cloud, what: Nameable, name: string): string {
  const rule = NAME_RULES[cloud][what];
  if (name.length < rule.min || name.length > rule.max || !rule.pattern.test(name)) {
    throw refused(
      `${cloud} ${what} name`,
      name,
      `needs ${rule.min}–${rule.max} characters of ${rule.pattern.source}`,
      `shorten the environment's name or suffix; the rule is at ${rule.source}`,
    );
  }
  return name;
}
