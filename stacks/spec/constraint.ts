type Version = readonly [number, number, number];

interface Bounds {
  readonly from: Version;
  /** Exclusive; undefined = no bound. */
  readonly below: Version | undefined;
}

const TERM = /^(>=|<|~>|=)?\s*v?(\d+)(?:\.(\d+))?(?:\.(\d+))?$/;

/** Whether a Terraform version constraint lets in any version from `floor` on; undefined = not a constraint. */
export function admitsFrom(constraint: string, floor: string): boolean | undefined {
  const terms = constraint.split(',').map((term) => boundsOf(term.trim()));
  const known = terms.filter((term) => term !== undefined);
  const least = boundsOf(floor)?.from;
  if (known.length !== terms.length || least === undefined) return undefined;
  const from = known.map((term) => term.from).reduce((a, b) => (less(a, b) ? b : a), least);
  return known.every((term) => term.below === undefined || less(from, term.below));
}

function boundsOf(term: string): Bounds | undefined {
  const match = TERM.exec(term);
  if (match === null) return undefined;
  const [, operator = '=', major = '0', minor, patch] = match;
  const at: Version = [Number(major), Number(minor ?? 0), Number(patch ?? 0)];
  switch (operator) {
    case '>=':
      return { from: at, below: undefined };
    case '<':
      return { from: [0, 0, 0], below: at };
    case '~>':
      return { from: at, below: patch === undefined ? [at[0] + 1, 0, 0] : [at[0], at[1] + 1, 0] };
    default:
      return { from: at, below: [at[0], at[1], at[2] + 1] };
  }
}

function less(a: Version, b: Version): boolean {
  if (a[0] !== b[0]) return a[0] < b[0];
  if (a[1] !== b[1]) return a[1] < b[1];
  return a[2] < b[2];
}
