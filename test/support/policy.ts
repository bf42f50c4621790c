/** An evaluator of AWS resource policies, as far as ours go: an unknown operator or key fails the test. */
export interface Asked {
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  readonly context?: Readonly<Record<string, string>>;
}

interface Statement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal: '*' | Readonly<Record<string, string | readonly string[]>>;
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

export interface Verdict {
  readonly verdict: 'allow' | 'deny' | 'none';
  /** Which statement decided. */
  readonly by: string | undefined;
}

const list = (value: string | readonly string[]): readonly string[] => (typeof value === 'string' ? [value] : value);

const like = (pattern: string, value: string): boolean =>
  new RegExp(`^${pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`).test(value);

export function evaluate(policy: string, request: Asked): Verdict {
  const { Statement: statements } = JSON.parse(policy) as { readonly Statement: readonly Statement[] };
  const matching = statements.filter((one) => applies(one, request));
  const denied = matching.find((one) => one.Effect === 'Deny');
  if (denied !== undefined) return { verdict: 'deny', by: denied.Sid };
  const allowed = matching.find((one) => one.Effect === 'Allow');
  return { verdict: allowed === undefined ? 'none' : 'allow', by: allowed?.Sid };
}

function applies(statement: Statement, request: Asked): boolean {
  return (
    principalMatches(statement.Principal, request.principal) &&
    list(statement.Action).some((pattern) => like(pattern, request.action)) &&
    list(statement.Resource).some((pattern) => like(pattern, request.resource)) &&
    Object.entries(statement.Condition ?? {}).every(([operator, keys]) =>
      Object.entries(keys).every(([key, wanted]) => holds(operator, list(wanted), contextOf(key, request))),
    )
  );
}

/** `arn:…:root` stands for everybody in the account whom IAM allows. */
function principalMatches(principal: Statement['Principal'], who: string): boolean {
  if (principal === '*') return true;
  return Object.values(principal)
    .flatMap(list)
    .some((one) => one === who || (one.endsWith(':root') && who.startsWith(one.replace(/root$/, ''))));
}

const contextOf = (key: string, { principal, context }: Asked): string | undefined =>
  key === 'aws:PrincipalArn' ? principal : context?.[key];

function holds(operator: string, wanted: readonly string[], value: string | undefined): boolean {
  const matches = value !== undefined && wanted.some((one) => like(one, value));
  switch (operator) {
    case 'Bool':
    case 'StringEquals':
    case 'ArnEquals':
    case 'ArnLike':
      return matches;
    case 'BoolIfExists':
      return value === undefined || matches;
    case 'ArnNotEquals':
    case 'StringNotLikeIfExists':
      return !matches;
    case 'NumericLessThan':
      return value !== undefined && wanted.every((one) => Number(value) < Number(one));
    case 'Null':
      return wanted.includes(String(value === undefined));
    default:
      throw new Error(`the evaluator does not know ${operator}`);
  }
}
