import type { Quantities, ServiceOptions, Size } from './options.js';

interface StoreSize extends Quantities {
  readonly storage: string;
}

export interface SizePreset {
  readonly memory: ServiceOptions;
  readonly knowledge: ServiceOptions;
  /** Connections of one pod: maxReplicas × this, over all tenants of a database, must fit its maxConnections. */
  readonly databasePoolSize: number;
  /** Room for what a pod may lose: the vector index, spooled audit reads. */
  readonly scratch: string;
  /** What stores of a tenant's own (tier Isolated), or the plane's for tenants of this size, need. */
  readonly stores: { readonly postgres: StoreSize; readonly qdrant: StoreSize; readonly redis: Quantities };
}

/** Three replicas are the least that survive a zone and a drain at once; beyond that the autoscaler decides. */
const service = (maxReplicas: number, requests: Quantities, limits: Quantities): ServiceOptions => ({
  minReplicas: 3,
  maxReplicas,
  targetCPUUtilizationPercentage: 70,
  targetMemoryUtilizationPercentage: 80,
  requests,
  limits,
});

/** The sizing table: `small` is its minimum, `medium` its recommendation, `large` twice that. Requests: a quarter. */
export const SIZES: Readonly<Record<Size, SizePreset>> = {
  small: {
    memory: service(5, { cpu: '500m', memory: '1Gi' }, { cpu: '2', memory: '4Gi' }),
    knowledge: service(5, { cpu: '500m', memory: '1Gi' }, { cpu: '2', memory: '4Gi' }),
    databasePoolSize: 5,
    scratch: '1Gi',
    stores: {
      postgres: { cpu: '2', memory: '4Gi', storage: '100Gi' },
      qdrant: { cpu: '4', memory: '8Gi', storage: '100Gi' },
      redis: { cpu: '1', memory: '2Gi' },
    },
  },
  medium: {
    memory: service(10, { cpu: '1', memory: '2Gi' }, { cpu: '4', memory: '8Gi' }),
    knowledge: service(10, { cpu: '1', memory: '2Gi' }, { cpu: '4', memory: '8Gi' }),
    databasePoolSize: 10,
    scratch: '4Gi',
    stores: {
      postgres: { cpu: '4', memory: '16Gi', storage: '500Gi' },
      qdrant: { cpu: '8', memory: '32Gi', storage: '500Gi' },
      redis: { cpu: '2', memory: '4Gi' },
    },
  },
  large: {
    memory: service(20, { cpu: '2', memory: '4Gi' }, { cpu: '8', memory: '16Gi' }),
    knowledge: service(20, { cpu: '2', memory: '4Gi' }, { cpu: '8', memory: '16Gi' }),
    databasePoolSize: 20,
    scratch: '16Gi',
    stores: {
      postgres: { cpu: '8', memory: '32Gi', storage: '1000Gi' },
      qdrant: { cpu: '16', memory: '64Gi', storage: '1000Gi' },
      redis: { cpu: '4', memory: '8Gi' },
    },
  },
};
