import { TENANT_PARTITION } from '../vectors/vector-store.js';
import type { MemoryRow } from './rows.js';

type Owner = Pick<MemoryRow, 'scope' | 'user_ref' | 'team_ref' | 'organization_ref'>;

/** Who shares a memory's vectors: exactly those who may see it, so that no search has to filter strangers out. */
export const partitionOf = ({ scope, user_ref, team_ref, organization_ref }: Owner): string =>
  [user_ref, team_ref, organization_ref, TENANT_PARTITION][scope] ?? TENANT_PARTITION;
