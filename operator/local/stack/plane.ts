import { randomBytes } from 'node:crypto';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { API_VERSION, DEFAULT_CLASS_ANNOTATION, OPERATOR_NAMESPACE } from '../../../charts/manifests/names.js';
import type { K8sObject } from '../../../charts/manifests/object.js';
import type { LocalPostgres } from '../postgres/server.js';
import { UnusableState } from '../unusable-state.js';
import { writeWholeFile } from '../whole-file.js';

export interface LocalPlaneOptions {
  readonly folder: string;
  readonly postgres: LocalPostgres;
  /** Where the router answers for `<tenant>.localhost`. */
  readonly routerPort: number;
  readonly version: string;
}

const POSTGRES_SECRET = 'plane-postgres';

/** A plane whose stores are files and a Postgres of this machine: the stores of a cloud, behind the same fields. */
export function buildLocalPlane({ folder, postgres, routerPort, version }: LocalPlaneOptions): readonly K8sObject[] {
  return [
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: POSTGRES_SECRET, namespace: OPERATOR_NAMESPACE },
      type: 'Opaque',
      stringData: { username: postgres.user, password: postgres.password, database: postgres.database },
    },
    {
      apiVersion: API_VERSION,
      kind: 'MemoryPlane',
      metadata: { name: 'default' },
      spec: buildPlaneSpec({ folder, postgres, routerPort, version }),
    },
    {
      apiVersion: API_VERSION,
      kind: 'MemoryTenantClass',
      metadata: { name: 'standard', annotations: { [DEFAULT_CLASS_ANNOTATION]: 'true' } },
      // On a laptop whoever types the name again means the same tenant.
      spec: { retainedReattach: 'SameName', workload: { topologySpread: 'None' } },
    },
  ];
}

function buildPlaneSpec({ folder, postgres, routerPort, version }: LocalPlaneOptions) {
  const bucket = (name: string) => ({ provider: 'file', name: join(folder, 'buckets', name) });
  return {
    clusterID: 'local',
    baseDomain: 'localhost',
    postgres: [
      {
        name: 'pg-a',
        host: postgres.host,
        port: postgres.port,
        tls: { mode: 'Disable' },
        adminSecretRef: { name: POSTGRES_SECRET },
      },
    ],
    buckets: {
      artifacts: bucket('artifacts'),
      backups: bucket('backups'),
      audit: bucket('audit'),
      keys: bucket('keys'),
    },
    kms: { provider: 'file', mode: 'Shared', keyID: join(folder, 'kms', 'plane.key') },
    gateway: { parentRefs: [{ name: 'local', namespace: OPERATOR_NAMESPACE }], scheme: 'http', port: routerPort },
    image: { service: 'memplane/memplane' },
    rings: [{ name: 'stable', version }],
  };
}

const KEY_BYTES = 32;

/** The folders of the buckets, and the key that stands for a KMS: made once, readable by this account only. */
export function prepareStores(folder: string): void {
  for (const name of ['artifacts', 'backups', 'audit', 'keys']) {
    mkdirSync(join(folder, 'buckets', name), { recursive: true, mode: 0o700 });
  }
  const key = join(folder, 'kms', 'plane.key');
  const size = statSync(key, { throwIfNoEntry: false })?.size;
  if (size === KEY_BYTES) return;
  if (size !== undefined) throw new UnusableState(key, `a key has ${KEY_BYTES} bytes, this file has ${size}`);
  mkdirSync(join(folder, 'kms'), { recursive: true, mode: 0o700 });
  // Whole or not at all: half a key would look like a key that is wrong.
  writeWholeFile(key, randomBytes(KEY_BYTES), 0o600);
}

/** A tenant that fits a laptop: one replica, and limits that a person reaches while trying them. */
export const buildLocalTenant = (name: string, spec: Readonly<Record<string, unknown>> = {}): K8sObject => ({
  apiVersion: API_VERSION,
  kind: 'MemoryTenant',
  metadata: { name },
  spec: { services: { memory: { scaling: { minReplicas: 1, maxReplicas: 1 } } }, ...spec },
});
