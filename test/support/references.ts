import { type Attributes, type Json, plainId, type StackJson } from './terraform-json.js';

export const at = (json: Json | undefined, ...path: readonly (string | number)[]): Json | undefined =>
  path.reduce<Json | undefined>((value, key) => (value as Record<string | number, Json> | undefined)?.[key], json);

export const resource = (stack: StackJson, type: string, id: string): Attributes | undefined =>
  stack.resource[type]?.[id] ?? Object.entries(stack.resource[type] ?? {}).find(([one]) => plainId(one) === id)?.[1];

export const guarded = (attributes: Attributes | undefined): boolean =>
  at(attributes, 'lifecycle', 'prevent_destroy') === true;

/** `${type.id.attribute}` → the resource, if it is in this stack. */
export function referred(
  stack: StackJson,
  reference: Json | undefined,
): { type: string; id: string; it: Attributes } | undefined {
  const match = /^\$\{([a-z_]+)\.([^.]+)\.[a-z_]+\}$/.exec(String(reference ?? ''));
  const [, type = '', id = ''] = match ?? [];
  const it = stack.resource[type]?.[id];
  return it === undefined ? undefined : { type, id, it };
}

/** Purpose of a key, if it is of this stack, guarded, and `rotates`. */
export function keyOf(
  stack: StackJson,
  reference: Json | undefined,
  rotates: (key: Attributes, type: string) => boolean,
) {
  const key = referred(stack, reference);
  if (key === undefined || !guarded(key.it) || !rotates(key.it, key.type)) return undefined;
  return /_([a-z]+)_key$/.exec(plainId(key.id))?.[1];
}

const REFERENCE = /\b((?:aws|google|azurerm)_[a-z0-9_]+\.[A-Za-z][\w-]*)(?=[.[\]}"])/g;

/** What a stack refers to and does not hold; a provider finds that out, but only where there is one. */
export function dangling({
  '//': _,
  ...stack
}: StackJson & { readonly data?: StackJson['resource'] }): readonly string[] {
  const held = [...Object.entries(stack.resource), ...Object.entries(stack.data ?? {})];
  const known = new Set(held.flatMap(([type, ofType]) => Object.keys(ofType).map((id) => `${type}.${id}`)));
  const references = [...JSON.stringify(stack).matchAll(REFERENCE)].map(([, one = '']) => one);
  return references.filter((one) => !known.has(one));
}
