import { isIP } from 'node:net';
import type { TenantOptions } from '../../charts/manifests/tenant/options.js';
import type { MemoryPlane, MemoryTenant } from '../api/v1alpha1/types.js';

type NetworkOptions = Pick<TenantOptions, 'storePeers' | 'egress' | 'ingressFrom'>;

/** Whom the pods may reach and who may reach them: the plane's stores, and what the spec names. */
export function resolveNetwork({ spec }: MemoryTenant, plane: MemoryPlane): NetworkOptions {
  return {
    storePeers: plane.spec.postgres.map(({ name, host, port }) => ({
      name: `postgres-${name}`,
      cidr: cidrOf(host),
      port,
    })),
    egress: spec.network?.egress ?? [],
    ingressFrom: spec.network?.ingressFrom ?? [],
  };
}

/** A policy knows addresses only: a store that is named by host is allowed by its port. */
function cidrOf(host: string): string | undefined {
  const version = isIP(host);
  return version === 0 ? undefined : `${host}/${version === 4 ? 32 : 128}`;
}
