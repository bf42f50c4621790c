import { DnsZone } from '@cdktf/provider-azurerm/lib/dns-zone/index.js';
import { RoleAssignment } from '@cdktf/provider-azurerm/lib/role-assignment/index.js';
import type { Construct } from 'constructs';
import type { AzureRole } from '../identity/azure-roles.js';
import { buildWorkloadIdentity } from '../identity/azure-workload.js';
import { GUARDED } from '../support/guard.js';
import type { AzureSite } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import { EDGE_ACCOUNTS, type EdgeConfig, type EdgeOutput, type EdgeWorker, NOBODY } from './contract.js';

type AzureEdge = EdgeConfig<AzureSite>;

/** By type of record; Azure has no condition on their names. */
const ROLES: Readonly<Record<EdgeWorker, AzureRole>> = { certManager: 'challenger', externalDns: 'recordKeeper' };

export function buildAzureEdge(unit: Construct, config: AzureEdge): EdgeOutput {
  const made = config.zone === 'Made' ? buildZone(unit, config) : undefined;
  const zoneID = config.zone === 'Made' ? made?.id : config.zone.id;
  if (zoneID === undefined) return { nameServers: [], annotations: NOBODY };
  const annotate = (worker: EdgeWorker) => ({
    'azure.workload.identity/client-id': buildWriter(unit, config, worker, zoneID),
  });
  const annotations = { certManager: annotate('certManager'), externalDns: annotate('externalDns') };
  return { zoneID, nameServers: made === undefined ? [] : made.nameServers, annotations };
}

/** Without a lock: Azure's reaches into a zone, and no record could be taken away again. */
function buildZone(unit: Construct, { site, dnsZone, tags }: AzureEdge): DnsZone {
  const zone = new DnsZone(unit, 'zone', {
    name: dnsZone,
    resourceGroupName: site.resourceGroup,
    tags: buildTags('azure', tags, 'edge'),
    lifecycle: GUARDED,
  });
  zone.overrideLogicalId('dns_zone');
  return zone;
}

function buildWriter(unit: Construct, config: AzureEdge, worker: EdgeWorker, scope: string): string {
  const [namespace, account] = EDGE_ACCOUNTS[worker];
  const id = account.replace(/-/g, '_');
  const ids = { identity: id, credential: `${id}_credential` };
  const identity = buildWorkloadIdentity(unit, ids, { ...config, namespace, account });
  new RoleAssignment(unit, `${id}_records`, {
    scope,
    roleDefinitionId: config.roles[ROLES[worker]] ?? '',
    principalId: identity.principalId,
    principalType: 'ServicePrincipal',
  });
  return identity.clientId;
}
