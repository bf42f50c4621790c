import { readFileSync } from 'node:fs';
import { plainId, type StackJson } from '../../stacks/proofs/terraform-json.js';

export { type Attributes, type Json, plainId, type StackJson } from '../../stacks/proofs/terraform-json.js';

export const inventory = (stack: StackJson): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(
    Object.entries(stack.resource)
      .map(([type, ofType]) => [type, Object.keys(ofType).map(plainId).sort()] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );

/** What was reviewed, which `test/stacks` compares with what is synthesised: read without loading a binding. */
export const reviewed = (name: string): StackJson =>
  JSON.parse(readFileSync(`test/golden/stacks/${name}.json`, 'utf8')) as StackJson;
