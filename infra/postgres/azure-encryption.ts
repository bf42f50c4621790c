import type {
  PostgresqlFlexibleServerCustomerManagedKey,
  PostgresqlFlexibleServerIdentity,
} from '@cdktf/provider-azurerm/lib/postgresql-flexible-server/index.js';
import { RoleAssignment } from '@cdktf/provider-azurerm/lib/role-assignment/index.js';
import { UserAssignedIdentity } from '@cdktf/provider-azurerm/lib/user-assigned-identity/index.js';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import type { Key } from '../kms/contract.js';
import type { AzureSite } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import type { ResolvedPostgres } from './contract.js';

type AzurePostgres = ResolvedPostgres<AzureSite>;

export interface Encryption {
  readonly identity: PostgresqlFlexibleServerIdentity;
  readonly customerManagedKey: PostgresqlFlexibleServerCustomerManagedKey;
  /** Without what concerns geo-redundant backups, which replicas do not have. */
  readonly ownKey: PostgresqlFlexibleServerCustomerManagedKey;
  readonly ready: readonly ITerraformDependable[];
}

/** Backups in the paired region have a key and an identity of that region: the first may be lost with its own. */
export function buildEncryption(unit: Construct, config: AzurePostgres): Encryption {
  const { site, key, secondRegion } = config;
  const here = buildIdentity(new Construct(unit, 'here'), config, site.region, key);
  const own = { keyVaultKeyId: key.id, primaryUserAssignedIdentityId: here.id };
  if (secondRegion === undefined) {
    return {
      identity: { type: 'UserAssigned', identityIds: [here.id] },
      customerManagedKey: own,
      ownKey: own,
      ready: [...here.ready],
    };
  }
  const there = buildIdentity(new Construct(unit, 'there'), config, secondRegion.region, secondRegion.key);
  return {
    identity: { type: 'UserAssigned', identityIds: [here.id, there.id] },
    ownKey: own,
    customerManagedKey: {
      ...own,
      geoBackupKeyVaultKeyId: secondRegion.key.id,
      geoBackupUserAssignedIdentityId: there.id,
    },
    ready: [...here.ready, ...there.ready],
  };
}

function buildIdentity(scope: Construct, { site, name, tags }: AzurePostgres, location: string, key: Key) {
  const identity = new UserAssignedIdentity(scope, 'identity', {
    name: `${name}-key-${scope.node.id}`,
    resourceGroupName: site.resourceGroup,
    location,
    tags: buildTags('azure', tags, 'data'),
  });
  const mayWrap = new RoleAssignment(scope, 'may_wrap', {
    scope: key.grantOn,
    roleDefinitionName: 'Key Vault Crypto Service Encryption User',
    principalId: identity.principalId,
  });
  return { id: identity.id, ready: [mayWrap, ...key.ready] };
}
