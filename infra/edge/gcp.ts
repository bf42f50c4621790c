import { DnsManagedZone } from '@cdktf/provider-google/lib/dns-managed-zone/index.js';
import { DnsManagedZoneIamMember } from '@cdktf/provider-google/lib/dns-managed-zone-iam-member/index.js';
import type { Construct } from 'constructs';
import { workload } from '../support/agents.js';
import { GUARDED } from '../support/guard.js';
import { checkName } from '../support/naming.js';
import type { GcpSite } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import { EDGE_ACCOUNTS, EDGE_WORKERS, type EdgeConfig, type EdgeOutput, NOBODY } from './contract.js';

type GcpEdge = EdgeConfig<GcpSite>;

/** Permission ends at the zone: Cloud DNS has no condition on the names of records. */
export function buildGcpEdge(unit: Construct, config: GcpEdge): EdgeOutput {
  const { site, roles } = config;
  const made = config.zone === 'Made' ? buildZone(unit, config) : undefined;
  const zoneID = config.zone === 'Made' ? made?.name : config.zone.id;
  if (zoneID === undefined) return { nameServers: [], annotations: NOBODY };
  for (const worker of EDGE_WORKERS) {
    const [namespace, account] = EDGE_ACCOUNTS[worker];
    new DnsManagedZoneIamMember(unit, `${account.replace(/-/g, '_')}_records`, {
      project: site.projectId,
      managedZone: zoneID,
      role: roles.recordKeeper ?? '',
      member: workload(site, namespace, account),
    });
  }
  return { zoneID, nameServers: made === undefined ? [] : made.nameServers, annotations: NOBODY };
}

function buildZone(unit: Construct, { site, name, dnsZone, tags }: GcpEdge): DnsManagedZone {
  const zone = new DnsManagedZone(unit, 'zone', {
    project: site.projectId,
    name: checkName('gcp', 'network', `${name}-edge`),
    dnsName: `${dnsZone}.`,
    description: `${name}: names of tenants`,
    visibility: 'public',
    dnssecConfig: { state: 'on', nonExistence: 'nsec3' },
    cloudLoggingConfig: { enableLogging: true },
    // Somebody's names would go with it: a zone with records in it stays.
    forceDestroy: false,
    labels: buildTags('gcp', tags, 'edge'),
    lifecycle: GUARDED,
  });
  zone.overrideLogicalId('dns_zone');
  return zone;
}
