/** A rule of what goes or moves by itself, as both sides can say it. */
export interface End {
  readonly what: string | undefined;
  readonly class: string | undefined;
  readonly age: number | undefined;
  /** Since another version took its place. */
  readonly oldDays: number | undefined;
  /** Since a time that whoever wrote it set. */
  readonly ownDays: number | undefined;
  readonly live: boolean | undefined;
  readonly prefixes: readonly string[];
}

export function endText({ what, class: to, age, oldDays, ownDays, live, prefixes }: End): string {
  const said = [
    what,
    to,
    age === undefined ? undefined : `after ${age}d`,
    oldDays === undefined ? undefined : `${oldDays}d after a newer one`,
    ownDays === undefined ? undefined : `${ownDays}d after its own time`,
    live === undefined ? undefined : live ? 'of the newest' : 'of the older',
    prefixes.length === 0 ? undefined : `in ${[...prefixes].sort().join(' ')}`,
  ];
  return said.filter((one) => one !== undefined).join(' ');
}
