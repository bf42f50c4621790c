const REFERENCE = /\$(\$|\(([A-Za-z_][A-Za-z0-9_.-]*)\))/g;

/** `$(NAME)` as Kubernetes expands it: `$$` escapes, and an unknown name stays as it is written. */
export function expandReferences(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(REFERENCE, (whole, inner: string, name: string | undefined) => {
    if (inner === '$') return '$';
    return (name === undefined ? undefined : env[name]) ?? whole;
  });
}
