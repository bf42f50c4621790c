import { AzurermProvider } from '@cdktf/provider-azurerm/lib/provider/index.js';
import type { TerraformStack } from 'cdktf';
import type { Construct } from 'constructs';
import type { AzureSite } from '../infra/support/site.js';
import { buildBackend, requireProvider } from './backend.js';
import { buildLayer, type Sites } from './layers/index.js';
import { PlainStack } from './plain-stack.js';
import type { AzurePlace, Environment, Layer } from './spec/environment.js';
import { resourceGroup, stackName } from './spec/names.js';

/** One layer of one environment on Azure: state → provider → the layer's units. */
export class AzureStack extends PlainStack {
  constructor(scope: Construct, environment: Environment, place: AzurePlace, layer: Layer) {
    super(scope, stackName(environment, layer));
    buildBackend(this, environment, layer);
    requireProvider(this, environment, 'azurerm');
    buildLayer(this, environment, layer, sitesOf(this, environment, place, layer));
  }
}

function sitesOf(stack: TerraformStack, environment: Environment, place: AzurePlace, layer: Layer): Sites {
  new AzurermProvider(stack, 'azurerm', {
    subscriptionId: place.subscriptionId,
    tenantId: place.entraTenantId,
    // The bootstrap registers them; `deploy` may not.
    resourceProviderRegistrations: 'none',
    // Accounts take no shared keys, so the provider must not try one.
    storageUseAzuread: true,
    features: [{ keyVault: [{ purgeSoftDeleteOnDestroy: false, recoverSoftDeletedKeyVaults: true }] }],
  });
  const here: AzureSite = {
    cloud: 'azure',
    entraTenantId: place.entraTenantId,
    subscriptionId: place.subscriptionId,
    region: place.region,
    resourceGroup: resourceGroup(environment, layer),
    deployPrincipalId: place.deployPrincipalId,
    adminGroupId: place.adminGroupId,
    complianceGroupId: place.complianceGroupId,
    breakGlassGroupId: place.breakGlassGroupId,
    immutability: place.immutability,
  };
  return { here, there: { ...here, region: place.replicaRegion } };
}
