import { readFileSync } from 'node:fs';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type Attributes = { [key: string]: Json };
export interface StackJson {
  readonly '//'?: Json;
  readonly terraform: Attributes;
  readonly provider: { [name: string]: Attributes[] };
  readonly resource: { [type: string]: { [id: string]: Attributes } };
  readonly output: { [name: string]: { value: Attributes } };
}

/** Without the hash that cdktf puts behind a path: `audit_policy_59CC5959` → `audit_policy`. */
export const plainId = (id: string): string => id.replace(/_[0-9A-F]{8}$/, '');

export const inventory = (stack: StackJson): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(
    Object.entries(stack.resource)
      .map(([type, ofType]) => [type, Object.keys(ofType).map(plainId).sort()] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );

/** What was reviewed, which `test/stacks` compares with what is synthesised: read without loading a binding. */
export const reviewed = (name: string): StackJson =>
  JSON.parse(readFileSync(`test/golden/stacks/${name}.json`, 'utf8')) as StackJson;
