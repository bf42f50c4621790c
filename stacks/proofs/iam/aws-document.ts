import { allResources, at, type Resource, type StackJson } from '../terraform-json.js';

export type Strings = string | readonly string[];

export interface Statement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal?: '*' | Readonly<Record<string, Strings>>;
  readonly NotPrincipal?: unknown;
  readonly Action?: Strings;
  readonly NotAction?: Strings;
  readonly Resource?: Strings;
  readonly NotResource?: Strings;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, Strings>>>>;
}

export interface PolicyDocument {
  readonly resource: Resource;
  readonly attribute: string;
  readonly text: string;
  readonly statements: readonly Statement[];
}

export const stringsOf = (value: Strings | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : value;

/** Attributes in which AWS resources carry a policy. Container and lifecycle policies of other kinds are none. */
const CARRIERS = ['policy', 'assume_role_policy', 'access_policy', 'inline_policy'];

export function policiesOf(stack: StackJson): readonly PolicyDocument[] {
  return allResources(stack)
    .filter(({ type }) => type.startsWith('aws_'))
    .flatMap((resource) => CARRIERS.flatMap((attribute) => documentOf(resource, attribute)));
}

function documentOf(resource: Resource, attribute: string): readonly PolicyDocument[] {
  const text = at(resource.attributes, attribute);
  if (typeof text !== 'string' || !text.includes('"Statement"')) return [];
  return [{ resource, attribute, text, statements: parseStatements(text) }];
}

const PARSED = new Map<string, readonly Statement[]>();

/** `$${aws:…}` is how Terraform spells a variable of IAM. The same text gives the same statements. */
export function parseStatements(text: string): readonly Statement[] {
  const known = PARSED.get(text);
  if (known !== undefined) return known;
  const { Statement: found } = JSON.parse(text.replaceAll('$${', '${')) as {
    readonly Statement: Statement | readonly Statement[];
  };
  const statements = Array.isArray(found) ? found : [found as Statement];
  PARSED.set(text, statements);
  return statements;
}
