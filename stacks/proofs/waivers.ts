import type { Evidence } from './rule.js';

/** A weakening with a name, an owner and an end; the environment's own rules look at the last two. */
export interface Waived {
  readonly rule: string;
  /** `aws_db_instance.pg_pg-a`; `*` stands for anything. */
  readonly resource: string;
  readonly reason: string;
  readonly owner: string;
  readonly expires: string;
}

export function waiverOf(waivers: readonly Waived[], rule: string, { address }: Evidence): Waived | undefined {
  return waivers.find((one) => one.rule === rule && matches(one.resource, address));
}

/** An address, a construct, or whatever stands in that construct: `network` is also `aws_subnet.network_data_1`. */
function matches(pattern: string, address: string): boolean {
  const escaped = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('/', '_');
  return [address, address.slice(address.indexOf('.') + 1)].some((one) => new RegExp(`^${escaped}(_.*)?$`).test(one));
}
