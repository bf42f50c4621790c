/** A rule of what goes or moves by itself, as both sides can say it. */
export interface End {
  readonly name: string | undefined;
  readonly days: number | undefined;
  readonly coolDays: number | undefined;
  readonly coldDays: number | undefined;
  /** Of versions that another took the place of. */
  readonly oldDays: number | undefined;
}

export function endText({ name, days, coolDays, coldDays, oldDays }: End): string {
  const said = [
    days === undefined ? undefined : `all after ${days}d`,
    coolDays === undefined ? undefined : `cool after ${coolDays}d`,
    coldDays === undefined ? undefined : `cold after ${coldDays}d`,
    oldDays === undefined ? undefined : `old versions after ${oldDays}d`,
  ];
  return `${name} (${said.filter((one) => one !== undefined).join('; ')})`;
}
