import { PrivateEndpoint } from '@cdktf/provider-azurerm/lib/private-endpoint/index.js';
import { RoleAssignment } from '@cdktf/provider-azurerm/lib/role-assignment/index.js';
import {
  ServicebusNamespace,
  type ServicebusNamespaceConfig,
} from '@cdktf/provider-azurerm/lib/servicebus-namespace/index.js';
import { ServicebusQueue } from '@cdktf/provider-azurerm/lib/servicebus-queue/index.js';
import { UserAssignedIdentity } from '@cdktf/provider-azurerm/lib/user-assigned-identity/index.js';
import type { Construct } from 'constructs';
import { addressOf } from '../support/address.js';
import { GUARDED } from '../support/guard.js';
import { checkName } from '../support/naming.js';
import type { AzureSite } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import { KEPT_DAYS, type QueueOutput, type ResolvedQueue } from './contract.js';

type AzureQueue = ResolvedQueue<AzureSite>;

const QUEUE = 'writes';

/** Premium: the tiers below it have neither keys of ours nor private endpoints. */
export function buildAzureQueue(unit: Construct, config: AzureQueue): QueueOutput {
  const { site, name, tags } = config;
  const namespace = new ServicebusNamespace(unit, 'namespace', {
    name: checkName('azure', 'queue', name),
    resourceGroupName: site.resourceGroup,
    location: site.region,
    sku: 'Premium',
    capacity: 1,
    premiumMessagingPartitions: 1,
    minimumTlsVersion: '1.2',
    // Shared keys are passwords without an owner, and lie in the state.
    localAuthEnabled: false,
    publicNetworkAccessEnabled: false,
    ...encryption(unit, config),
    tags: buildTags('azure', tags, 'data'),
    lifecycle: GUARDED,
  });
  namespace.overrideLogicalId(unit.node.id);
  const queue = new ServicebusQueue(unit, 'queue', {
    name: QUEUE,
    namespaceId: namespace.id,
    lockDuration: `PT${config.visibilitySeconds}S`,
    maxDeliveryCount: config.maxReceives,
    defaultMessageTtl: `P${KEPT_DAYS}D`,
    deadLetteringOnMessageExpiration: true,
    lifecycle: GUARDED,
  });
  connect(unit, config, namespace);
  const url = `${namespace.endpoint}${queue.name}`;
  // Service Bus makes one beside every queue.
  return {
    provider: 'servicebus',
    url,
    deadLetter: `${url}/$DeadLetterQueue`,
    grantOn: namespace.id,
    address: addressOf(namespace),
  };
}

type Encryption = Pick<ServicebusNamespaceConfig, 'identity' | 'customerManagedKey' | 'dependsOn'>;

function encryption(unit: Construct, { site, name, tags, key }: AzureQueue): Encryption {
  const identity = new UserAssignedIdentity(unit, 'identity', {
    name: `${name}-key`,
    resourceGroupName: site.resourceGroup,
    location: site.region,
    tags: buildTags('azure', tags, 'data'),
  });
  const mayWrap = new RoleAssignment(unit, 'may_wrap', {
    scope: key.grantOn,
    roleDefinitionName: 'Key Vault Crypto Service Encryption User',
    principalId: identity.principalId,
  });
  return {
    identity: { type: 'UserAssigned', identityIds: [identity.id] },
    customerManagedKey: {
      keyVaultKeyId: key.pinnedId,
      identityId: identity.id,
      infrastructureEncryptionEnabled: true,
    },
    dependsOn: [mayWrap, ...key.ready],
  };
}

function connect(unit: Construct, { site, name, tags, network }: AzureQueue, namespace: ServicebusNamespace): void {
  const { subnets, dnsZone = '', ready } = network.stores.queue;
  new PrivateEndpoint(unit, 'endpoint', {
    name: `${name}-endpoint`,
    resourceGroupName: site.resourceGroup,
    location: site.region,
    subnetId: subnets[0] ?? '',
    privateServiceConnection: {
      name,
      privateConnectionResourceId: namespace.id,
      subresourceNames: ['namespace'],
      isManualConnection: false,
    },
    privateDnsZoneGroup: { name: 'queue', privateDnsZoneIds: [dnsZone] },
    tags: buildTags('azure', tags, 'network'),
    dependsOn: [...ready],
  });
}
