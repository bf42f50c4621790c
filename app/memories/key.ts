import type { Vault } from '../tenancy/vault.js';
import { partitionOf } from './partition-of.js';
import type { MemoryRow } from './rows.js';

/** What a client calls a memory. One name means one memory for each owner: a person, a team, an organization, the tenant. */
export interface MemoryKey {
  readonly key: string | null;
  readonly namespace: readonly string[];
}

type Owned = Pick<MemoryRow, 'id' | 'slot' | 'scope' | 'user_ref' | 'team_ref' | 'organization_ref'>;

/** Neither changes as long as the memory lives. */
export const sealKey = (
  vault: Vault,
  row: Owned,
  { key, namespace }: MemoryKey,
): Pick<MemoryRow, 'key_token' | 'sealed_key'> => ({
  key_token: key === null ? null : keyToken(vault, row, { key, namespace }),
  sealed_key: key === null && namespace.length === 0 ? null : vault.sealJson(placeOf(row), { key, namespace }),
});

/** By what the memory of a name is found: the same for the same name and owner, and nothing can be learnt from it. */
export const keyToken = (
  vault: Vault,
  owner: Omit<Owned, 'id' | 'slot'>,
  { key, namespace }: MemoryKey & { readonly key: string },
): Buffer => vault.lookupToken('memory key', JSON.stringify([owner.scope, partitionOf(owner), namespace, key]));

export const openKey = (vault: Vault, row: Owned & Pick<MemoryRow, 'sealed_key'>): MemoryKey =>
  row.sealed_key === null ? NAMELESS : (vault.openJson(placeOf(row), row.sealed_key) as MemoryKey);

const NAMELESS: MemoryKey = { key: null, namespace: [] };

const placeOf = ({ slot, id }: Owned) => ({ slot, table: 'memories.key', rowId: id, version: 1 });
