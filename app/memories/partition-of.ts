import { TENANT_PARTITION } from '../vectors/vector-store.js';
import type { MemoryRow } from './rows.js';

type Owner = Pick<MemoryRow, 'scope' | 'user_ref' | 'team_ref' | 'organization_ref'>;

/** Who shares a memory's vectors: exactly those who may see it, so that no search has to filter strangers out. */
export const partitionOf = ({ scope, user_ref, team_ref, organization_ref }: Owner): string => {
  if (scope === USER) return user_ref ?? TENANT_PARTITION;
  if (scope === TEAM) return team_ref ?? TENANT_PARTITION;
  return (scope === ORGANIZATION ? organization_ref : null) ?? TENANT_PARTITION;
};

const [USER, TEAM, ORGANIZATION] = [0, 1, 2];
