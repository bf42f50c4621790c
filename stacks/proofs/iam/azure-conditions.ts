import { UnknownTermError } from './truth.js';

/** What a request says of itself, by the attribute's name in a condition. */
export interface AzureRequest {
  readonly action: string;
  /** `Blob.List` is the one that reads no content. */
  readonly subOperation?: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** A condition of version 2.0, as Azure evaluates it: true where there is nothing to say against the request. */
export function azureHolds(condition: string, request: AzureRequest): boolean {
  const tokens = tokensOf(condition);
  const [holds, rest] = either(tokens, request);
  if (rest.length > 0) throw new UnknownTermError(`${rest.slice(0, 3).join(' ')} in a condition of Azure`);
  return holds;
}

type Parsed = readonly [holds: boolean, rest: readonly string[]];

const TOKEN = /@?\w+\[[^\]]+\](?:<\$[^>]*\$>)?|\{[^{}]*\}|[()!]|&&|\|\||'[^']*'|[\w:]+/g;

function tokensOf(condition: string): readonly string[] {
  // A list may hold a reference, whose braces are not the list's.
  const flat = condition.replace(/\$\{([^}]*)\}/g, (_, inner: string) => `reference:${inner.replace(/\W/g, '_')}`);
  return flat.match(TOKEN) ?? [];
}

function either(tokens: readonly string[], request: AzureRequest): Parsed {
  let [holds, rest] = both(tokens, request);
  while (rest[0] === 'OR' || rest[0] === '||') {
    const [right, after] = both(rest.slice(1), request);
    [holds, rest] = [holds || right, after];
  }
  return [holds, rest];
}

function both(tokens: readonly string[], request: AzureRequest): Parsed {
  let [holds, rest] = one(tokens, request);
  while (rest[0] === 'AND' || rest[0] === '&&') {
    const [right, after] = one(rest.slice(1), request);
    [holds, rest] = [holds && right, after];
  }
  return [holds, rest];
}

function one(tokens: readonly string[], request: AzureRequest): Parsed {
  const [head = '', next = '', third = '', ...after] = tokens;
  if (head === '!' || head === 'NOT') {
    const [holds, rest] = one(tokens.slice(1), request);
    return [!holds, rest];
  }
  if (head === '(') {
    const [holds, rest] = either(tokens.slice(1), request);
    if (rest[0] !== ')') throw new UnknownTermError('an open bracket in a condition of Azure');
    return [holds, rest.slice(1)];
  }
  const rest = [third, ...after].filter((_, at) => at > 0 || third !== '');
  if (head === 'ActionMatches') return [listed(next).includes(request.action), rest];
  if (head === 'SubOperationMatches') return [listed(next).includes(request.subOperation ?? ''), rest];
  if (head.startsWith('@')) return [compared(head, next, listed(third), request), after];
  throw new UnknownTermError(`${head} in a condition of Azure`);
}

const listed = (token: string): readonly string[] =>
  token
    .replace(/^\{|\}$/g, '')
    .split(',')
    .map((item) => item.trim().replace(/^'|'$/g, ''));

function compared(attribute: string, operator: string, wanted: readonly string[], request: AzureRequest): boolean {
  const name = /\[([^\]]+)\]/.exec(attribute)?.[1] ?? '';
  const value = request.attributes?.[name]?.replace(
    /^\$\{([^}]*)\}$/,
    (_, inner: string) => `reference:${inner.replace(/\W/g, '_')}`,
  );
  if (value === undefined) return false;
  const same = (item: string): boolean => item.toLowerCase() === value.toLowerCase();
  switch (operator.replace(/^ForAnyOf(Any|All)Values:/, '')) {
    case 'GuidEquals':
    case 'StringEqualsIgnoreCase':
    case 'StringEquals':
      return wanted.some(same);
    case 'GuidNotEquals':
    case 'StringNotEquals':
      return !wanted.some(same);
    case 'StringStartsWith':
      return wanted.some((item) => value.startsWith(item));
    default:
      throw new UnknownTermError(`the operator ${operator} of Azure`);
  }
}
