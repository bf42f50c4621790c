/** One way into a security group or out of it, in words that both sides can say. */
export interface Way {
  /** `tcp`, or `-1` for all. */
  readonly protocol: string;
  readonly from: number | undefined;
  readonly to: number | undefined;
  /** Addresses, another group by its name, or the service whose addresses they are. */
  readonly whom: string;
}

export function wayText({ protocol, from, to, whom }: Way): string {
  if (protocol === '-1') return `everything ${whom}`;
  return `${protocol} ${from === to ? from : `${from}-${to}`} ${whom}`;
}
