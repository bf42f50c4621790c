import type { Attributes, StackJson } from './terraform-json.js';

export const attributesOf = (stack: StackJson, type: string): readonly (readonly [string, Attributes])[] =>
  Object.entries(stack.resource[type] ?? {}).map(([id, attributes]) => [`${type}.${id}`, attributes] as const);

/** The resource that `${type.id.field}` names; fails where there is none. */
export function referred(stack: StackJson, expression: unknown): Attributes {
  const [, type = '', id = ''] = /^\$\{([a-z0-9_]+)\.([^.}]+)/.exec(String(expression)) ?? [];
  const found = stack.resource[type]?.[id];
  if (found === undefined) throw new Error(`${String(expression)} names no resource of the stack`);
  return found;
}

/** A block, whether it is written as itself or as a list of one; empty where there is none. */
export const first = (value: unknown): Attributes => ((Array.isArray(value) ? value[0] : value) ?? {}) as Attributes;

/** A text, or what the resource says that it names: `${azurerm_resource_group.x.name}`. */
export function named(stack: StackJson, value: unknown): string {
  const field = /^\$\{[^.}]+\.[^.}]+\.([a-z_]+)\}$/.exec(String(value))?.[1];
  return field === undefined ? String(value) : named(stack, referred(stack, value)[field]);
}
