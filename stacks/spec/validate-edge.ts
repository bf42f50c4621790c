import { type Check, pattern } from './checks.js';
import type { Environment, Place } from './environment.js';

/** `example.com`: lower case, without a dot at its end. */
export const DOMAIN = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/;

export function checkEdge({ place, edge, baseDomain }: Environment): readonly Check[] {
  const { dnsZone, manageZone, issuer } = edge;
  const domain = pattern('edge.dnsZone', dnsZone, DOMAIN, 'needs a domain name', 'like example.com');
  const inside = baseDomain === dnsZone || String(baseDomain).endsWith(`.${dnsZone}`);
  return [
    domain,
    domain === undefined && !inside
      ? {
          path: 'edge.dnsZone',
          value: dnsZone,
          message: `baseDomain ${baseDomain} does not lie within it`,
          allowed: 'baseDomain, or a domain above it',
        }
      : undefined,
    typeof manageZone === 'boolean'
      ? undefined
      : { path: 'edge.manageZone', value: manageZone, message: 'not a yes or no', allowed: 'true, false' },
    checkZoneId(place, edge),
    pattern('edge.issuer.name', issuer.name, /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, 'not a name of Kubernetes'),
    issuer.email === undefined
      ? undefined
      : pattern('edge.issuer.email', issuer.email, /^[^@\s]+@[^@\s]+\.[^@\s]+$/, 'not an address'),
  ];
}

function checkZoneId(place: Place, { dnsZone, manageZone, zoneId }: Environment['edge']): Check {
  if (zoneId === undefined) return undefined;
  const path = 'edge.zoneId';
  if (manageZone === true) {
    const message = 'the plane makes the zone, so there is no other';
    return { path, value: zoneId, message, allowed: 'manageZone: false, or no zoneId' };
  }
  const [shape, message] = ZONE_IDS[place.cloud];
  const found = pattern(path, zoneId, shape, message);
  if (found !== undefined || place.cloud !== 'azure' || zoneId.endsWith(`/${dnsZone}`)) return found;
  return { path, value: zoneId, message: `the zone of another domain than ${dnsZone}`, allowed: `…/${dnsZone}` };
}

const ZONE_IDS: Readonly<Record<Place['cloud'], readonly [RegExp, string]>> = {
  aws: [/^Z[A-Z0-9]{5,31}$/, 'not the id of a hosted zone'],
  gcp: [/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/, 'not the name of a managed zone'],
  azure: [
    /^\/subscriptions\/[0-9a-f-]{36}\/resourceGroups\/[\w().-]+\/providers\/Microsoft\.Network\/dnsZones\/[a-z0-9.-]+$/,
    'not the resource id of a public DNS zone',
  ],
};

export function warnOfZone({ edge: { dnsZone, manageZone, zoneId } }: Environment): Check {
  if (manageZone || zoneId !== undefined) return undefined;
  const message = `nobody of this plane writes into ${dnsZone}: certificates and names of tenants are made elsewhere`;
  return { path: 'edge.manageZone', value: false, message, allowed: 'true, or the zone’s id as edge.zoneId' };
}
