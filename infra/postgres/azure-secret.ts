import { KeyVaultSecret } from '@cdktf/provider-azurerm/lib/key-vault-secret/index.js';
import type { Construct } from 'constructs';
import { GUARDED } from '../support/guard.js';
import { checkName } from '../support/naming.js';
import type { AzureSite } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import type { ResolvedPostgres } from './contract.js';

/** Without an expiry: the operator reads it every hour, and an expired secret is an outage at an hour nobody chose. */
export function buildAdminSecret(
  unit: Construct,
  { tags, key, secretStore, secretName, adminPasswordVersion }: ResolvedPostgres<AzureSite>,
  valueWo: string,
): KeyVaultSecret {
  return new KeyVaultSecret(unit, 'secret', {
    keyVaultId: secretStore,
    name: checkName('azure', 'secret', secretName),
    contentType: 'application/json',
    valueWo,
    valueWoVersion: adminPasswordVersion,
    tags: buildTags('azure', tags, 'data'),
    dependsOn: [...key.ready],
    lifecycle: GUARDED,
  });
}
