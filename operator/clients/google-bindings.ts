/** Who has a role, as Google's policies say it. */
export interface Binding {
  readonly role: string;
  readonly members: readonly string[];
}

/** Whether a policy says just this, in whatever order it names the members; those that are wanted are in order. */
export function saysJust(found: unknown, wanted: readonly Binding[]): boolean {
  const inOrder = ((found ?? []) as readonly Binding[]).map(({ role, members, ...rest }) => ({
    ...{ role, members: [...members].sort() },
    ...rest,
  }));
  return JSON.stringify(inOrder) === JSON.stringify(wanted);
}
