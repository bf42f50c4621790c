import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CostFile } from '../../../stacks/preview/index.js';

/** Name of a stack → its state, as it is written. */
export type States = ReadonlyMap<string, string>;

export const statesIn = (folder: string): States =>
  new Map(
    readdirSync(folder)
      .filter((name) => name.endsWith('.tfstate'))
      .map((name) => [name.slice(0, -'.tfstate'.length), readFileSync(join(folder, name), 'utf8')]),
  );

const fileOf = (home: string, stack: string): string => join(home, 'costs', `${stack}.json`);

/** What a stack cost as it was applied, so that the next preview can say what changes. */
export function keepCosts(
  home: string,
  { states, out }: { readonly states: string; readonly out: string },
  before: States,
): void {
  const cost = join(out, 'cost.json');
  if (!existsSync(cost)) return;
  const { costs } = JSON.parse(readFileSync(cost, 'utf8')) as CostFile;
  mkdirSync(join(home, 'costs'), { recursive: true });
  for (const [stack, state] of statesIn(states)) {
    if (before.get(stack) === state) continue;
    const mine = costs.map((one) => ({ ...one, lines: one.lines.filter((line) => line.stack === stack) }));
    writeFileSync(fileOf(home, stack), JSON.stringify({ costs: mine.filter(({ lines }) => lines.length > 0) }));
  }
}

/** Nothing: nobody has applied it. null: somebody has, and what it cost is not known. */
export function keptCost(home: string, stack: string, state: string | undefined): CostFile | null {
  const file = fileOf(home, stack);
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as CostFile;
  return state === undefined ? { costs: [] } : null;
}
