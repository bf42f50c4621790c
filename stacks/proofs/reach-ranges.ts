import { contains, parseCidr } from '../spec/cidr.js';
import type { World } from './rule.js';
import type { Json } from './terraform-json.js';

/** Names that stand for everybody, by cloud. */
const EVERYBODY = new Set(['*', 'Internet', 'Any', '::/0', '0.0.0.0/0']);
/** Names that stand for machines of the cloud or of ours. */
const INSIDE = new Set(['VirtualNetwork', 'AzureLoadBalancer', 'GatewayManager']);

/** Neither of this network nor of one that the environment names. */
export function isOutside(source: Json, { environment: { network } }: World): boolean {
  const text = String(source);
  if (INSIDE.has(text)) return false;
  const range = EVERYBODY.has(text) ? undefined : parseCidr(text);
  if (range === undefined) return true;
  const ours = [network.cidr, network.podCidr, network.serviceCidr, ...network.peerCidrs, ...network.biSourceCidrs];
  return ![...ours, ...HEALTH_CHECKS].some((one) => {
    const known = parseCidr(one);
    return known !== undefined && contains(known, range);
  });
}

/** From where Google's load balancers ask whether a machine is well: nobody else has these addresses. */
const HEALTH_CHECKS = ['35.191.0.0/16', '130.211.0.0/22'];
