/** A rule of what goes or moves by itself, as both sides can say it. */
export interface End {
  readonly id: string | undefined;
  readonly prefix: string | undefined;
  readonly days: number | undefined;
  /** Of versions that another took the place of. */
  readonly oldDays: number | undefined;
  /** Of uploads that nobody finished. */
  readonly uploadDays: number | undefined;
  readonly moves: readonly (readonly [days: number | undefined, to: string | undefined])[];
}

export function endText({ id, prefix, days, oldDays, uploadDays, moves }: End): string {
  const said = [
    prefix === undefined || prefix === '' ? undefined : `of ${prefix}`,
    days === undefined ? undefined : `all after ${days}d`,
    oldDays === undefined ? undefined : `old versions after ${oldDays}d`,
    uploadDays === undefined ? undefined : `uploads after ${uploadDays}d`,
    ...moves.map(([after, to]) => `${to} after ${after}d`),
  ];
  return `${id} (${said.filter((one) => one !== undefined).join('; ')})`;
}
