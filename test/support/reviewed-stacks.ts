import { readdirSync } from 'node:fs';
import { reviewed, type StackJson } from './terraform-json.js';

/** Every stack as it was reviewed, by name; `test/stacks` holds them to what is synthesised. */
export const reviewedStacks = (): ReadonlyMap<string, StackJson> =>
  new Map(
    readdirSync('test/golden/stacks')
      .filter((file) => file.endsWith('.json'))
      .map((file) => file.slice(0, -'.json'.length))
      .sort()
      .map((name) => [name, { ...EMPTY, ...reviewed(name) }]),
  );

const EMPTY = { resource: {}, output: {} } as const;
