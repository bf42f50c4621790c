/** What a stack is once it is synthesised: the JSON that Terraform reads, and nothing that only cdktf knows. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type Attributes = { [key: string]: Json };
export type Path = readonly (string | number)[];

export interface StackJson {
  readonly '//'?: Json;
  readonly terraform: Attributes;
  readonly provider: { [name: string]: Attributes[] };
  readonly resource: { [type: string]: { [id: string]: Attributes } };
  readonly data?: { [type: string]: { [id: string]: Attributes } };
  readonly locals?: { [name: string]: Json };
  readonly output: { [name: string]: { value: Attributes } };
}

export interface Resource {
  readonly type: string;
  readonly id: string;
  /** `aws_s3_bucket.audit`, without the hash that cdktf adds. */
  readonly address: string;
  readonly attributes: Attributes;
}

/** cdktf leaves out what is empty. */
export const whole = (json: Partial<StackJson>): StackJson => ({
  terraform: {},
  provider: {},
  resource: {},
  output: {},
  ...json,
});

/** Without the hash that cdktf puts behind a path: `audit_policy_59CC5959` → `audit_policy`. */
export const plainId = (id: string): string => id.replace(/_[0-9A-F]{8}$/, '');

export const at = (json: Json | undefined, ...path: Path): Json | undefined =>
  path.reduce<Json | undefined>((value, key) => (value as Record<string | number, Json> | undefined)?.[key], json);

/** One, many or none, as Terraform lets blocks be written. */
export const listOf = (value: Json | undefined): readonly Json[] =>
  Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];

export function resourcesOf(stack: StackJson, type: string): readonly Resource[] {
  return Object.entries(stack.resource[type] ?? {}).map(([id, attributes]) => resourceOf(type, id, attributes));
}

export function allResources(stack: StackJson): readonly Resource[] {
  return Object.keys(stack.resource).flatMap((type) => resourcesOf(stack, type));
}

function resourceOf(type: string, id: string, attributes: Attributes): Resource {
  return { type, id, address: `${type}.${plainId(id)}`, attributes };
}

export const guarded = (attributes: Attributes | undefined): boolean =>
  at(attributes, 'lifecycle', 'prevent_destroy') === true;

const REFERENCE = /^\$\{([a-z0-9_]+)\.([^.}]+)\.[^}]+\}$/;

/** `${type.id.attribute}` → the resource, if it is in this stack. */
export function referred(stack: StackJson, reference: Json | undefined): Resource | undefined {
  const [, type = '', id = ''] = REFERENCE.exec(String(reference ?? '')) ?? [];
  const attributes = stack.resource[type]?.[id];
  return attributes === undefined ? undefined : resourceOf(type, id, attributes);
}

export const isReference = (value: Json | undefined): boolean => typeof value === 'string' && value.startsWith('${');

type Strings = readonly (readonly [Path, string])[];

/** Several rules read every string of a stack, and a stack does not change. */
const READ = new WeakMap<object, Strings>();

/** Every string in it, with where it stands. */
export function stringsOf(json: Json | undefined): Strings {
  if (typeof json !== 'object' || json === null) return typeof json === 'string' ? [[[], json]] : [];
  const known = READ.get(json);
  if (known !== undefined) return known;
  const found: (readonly [Path, string])[] = [];
  collect(json, [], found);
  READ.set(json, found);
  return found;
}

function collect(json: Json, path: Path, found: (readonly [Path, string])[]): void {
  if (typeof json === 'string') found.push([path, json]);
  if (typeof json !== 'object' || json === null) return;
  for (const [key, inner] of Object.entries(json)) collect(inner, [...path, key], found);
}

export const shown = (value: Json | undefined): string => {
  const text = value === undefined ? 'nothing' : (JSON.stringify(value) ?? 'nothing');
  return text.length > 160 ? `${text.slice(0, 157)}…` : text;
};
