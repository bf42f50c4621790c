/** A rule of a security group, as both sides can say it. */
export interface Way {
  readonly direction: string | undefined;
  readonly access: string | undefined;
  readonly priority: number | undefined;
  readonly protocol: string | undefined;
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly ports: readonly string[];
}

export function wayText({ direction, access, priority, protocol, from, to, ports }: Way): string {
  const all = (values: readonly string[]): string => [...values].sort().join('+');
  return `${priority} ${access} ${direction} ${protocol} ${all(ports)} from ${all(from)} to ${all(to)}`;
}
