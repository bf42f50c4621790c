import { parseCidr } from './cidr.js';
import type { Network } from './environment.js';

/** Below this every part would be too small for what stands in it: who wants such a network says its parts. */
const SMALLEST_BITS = 18;
const FULL_BITS = 16;
/** A cloud takes nothing else for the API server. */
const CONTROL_PLANE_BITS = 28;

type Part = Pick<Network, 'publicCidrs' | 'nodeCidrs' | 'dataCidrs' | 'endpointCidr' | 'controlPlaneCidr'>;

/** The parts of a network as they lie in `from`, moved to where `cidr` is, and as much smaller as it is. */
export function partsWithin(cidr: string, from: Network): Partial<Part> {
  const [whole, before] = [parseCidr(cidr), parseCidr(from.cidr)];
  if (whole === undefined || before === undefined || before.bits !== FULL_BITS) return {};
  const smaller = whole.bits - before.bits;
  if (smaller < 0 || whole.bits > SMALLEST_BITS) return {};
  const move = (part: string): string => {
    const found = parseCidr(part);
    if (found === undefined) return part;
    const bits = found.bits === CONTROL_PLANE_BITS ? found.bits : found.bits + smaller;
    return cidrOf(whole.first + (found.first - before.first) / 2 ** smaller, bits);
  };
  const three = ([a, b, c]: Part['nodeCidrs']): Part['nodeCidrs'] => [move(a), move(b), move(c)];
  return {
    publicCidrs: three(from.publicCidrs),
    nodeCidrs: three(from.nodeCidrs),
    dataCidrs: three(from.dataCidrs),
    endpointCidr: move(from.endpointCidr),
    controlPlaneCidr: move(from.controlPlaneCidr),
  };
}

const cidrOf = (first: number, bits: number): string =>
  `${[24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join('.')}/${bits}`;
