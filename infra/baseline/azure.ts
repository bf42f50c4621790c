import { DataAzurermResourceGroup } from '@cdktf/provider-azurerm/lib/data-azurerm-resource-group/index.js';
import { ManagementLock } from '@cdktf/provider-azurerm/lib/management-lock/index.js';
import type { Construct } from 'constructs';
import { addressOf } from '../support/address.js';
import type { AzureSite } from '../support/site.js';
import type { BaselineConfig, BaselineOutput } from './contract.js';

/** TLS and public access are settings of each account and vault; what the group adds is that none can be deleted. */
export function buildAzureBaseline(unit: Construct, { site, name }: BaselineConfig<AzureSite>): BaselineOutput {
  const group = new DataAzurermResourceGroup(unit, 'group', { name: site.resourceGroup });
  const lock = new ManagementLock(unit, 'lock', {
    name,
    scope: group.id,
    lockLevel: 'CanNotDelete',
    notes: 'memplane: keys and audit records are in this group',
  });
  return { rules: [addressOf(lock)] };
}
