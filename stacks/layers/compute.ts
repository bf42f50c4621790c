import type { TerraformStack } from 'cdktf';
import type { BucketOutput } from '../../infra/bucket/index.js';
import { buildCluster } from '../../infra/cluster/index.js';
import { buildEcs } from '../../infra/ecs/index.js';
import { buildEdge } from '../../infra/edge/index.js';
import { buildIdentity } from '../../infra/identity/index.js';
import { buildMetrics } from '../../infra/metrics/index.js';
import type { NetworkOutput } from '../../infra/network/index.js';
import { buildQdrant } from '../../infra/qdrant/index.js';
import type { RegistryOutput } from '../../infra/registry/index.js';
import {
  clusterSettings,
  ecsSettings,
  identityExtras,
  identitySettings,
  type PlaneKeys,
  qdrantOutput,
  qdrantSettings,
  secretsOutput,
} from '../cluster-settings.js';
import { edgeOutput, edgeSettings, metricsOutput, metricsSettings } from '../edge-settings.js';
import type { PlaneOutput } from '../outputs.js';
import type { Environment } from '../spec/environment.js';
import type { Sites } from './sites.js';

export interface ComputeNeeds {
  readonly network: NetworkOutput;
  readonly kms: PlaneKeys;
  readonly images: RegistryOutput;
  readonly artifacts: BucketOutput;
  readonly backups: BucketOutput;
  readonly cache?: string;
  readonly queue?: string;
}

/** Where pods run, and what each of them may do in the cloud. */
export function buildCompute(
  stack: TerraformStack,
  environment: Environment,
  { here }: Sites,
  needs: ComputeNeeds,
): Pick<PlaneOutput, 'cluster' | 'identity' | 'storageClass' | 'qdrant' | 'edge' | 'metrics' | 'secrets' | 'ecs'> & {
  readonly id: string;
} {
  const cluster = buildCluster(stack, 'cluster', clusterSettings(environment, here, needs));
  const permissions = identitySettings(environment, here, { cluster, ...needs });
  const identity = buildIdentity(stack, 'identity', permissions);
  const tasks = ecsSettings(environment, here, permissions, needs);
  const ecs = tasks === undefined ? {} : { ecs: buildEcs(stack, 'ecs', tasks) };
  const vectors = buildQdrant(stack, 'qdrant', qdrantSettings(environment, here, { cluster, ...needs }));
  const edge = buildEdge(stack, 'edge', edgeSettings(environment, here, cluster));
  const key = needs.kms.keys.ops;
  const metrics = metricsSettings(environment, here, { cluster, network: needs.network, key });
  const { name, endpoint, issuer } = cluster;
  return {
    id: cluster.id,
    ...ecs,
    cluster: { name, endpoint, issuer },
    identity: {
      ...identity,
      annotations: { ...identity.annotations, qdrant: vectors.annotations },
      ...identityExtras(environment, cluster, needs.artifacts.grantOn),
    },
    storageClass: vectors.storageClass,
    qdrant: qdrantOutput(environment, vectors),
    edge: edgeOutput(environment, edge),
    metrics: metricsOutput(metrics === undefined ? undefined : buildMetrics(stack, 'metrics', metrics)),
    secrets: secretsOutput(environment),
  };
}
