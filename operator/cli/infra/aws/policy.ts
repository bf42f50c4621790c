/** `arn:…:queue` → `queue` */
export const nameIn = (arn: string | undefined): string | undefined => arn?.split(':').at(-1);

/** JSON as one text however it was written: fields in an order of their own. What is no JSON stays as it is. */
export function sameJson(text: unknown): string | undefined {
  if (typeof text !== 'string') return undefined;
  try {
    return JSON.stringify(ordered(JSON.parse(text)));
  } catch {
    return text;
  }
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([key, one]) => [key, ordered(one)]));
}

/** How a key is called in the table, on both sides. */
export const keyName = (alias: string, region: string): string => `${alias} (${region})`;

interface Statement {
  readonly Effect?: string;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Whether a bucket policy refuses requests by this condition. */
export function denies(policy: unknown, operator: string, key: string, value: string): boolean {
  if (typeof policy !== 'string') return false;
  let statements: readonly Statement[];
  try {
    const parsed = JSON.parse(policy) as { readonly Statement?: readonly Statement[] | Statement };
    statements = [parsed.Statement ?? []].flat();
  } catch {
    return false;
  }
  return statements.some(
    ({ Effect, Condition }) => Effect === 'Deny' && [Condition?.[operator]?.[key]].flat().map(String).includes(value),
  );
}
