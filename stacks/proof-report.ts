import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crossings } from './crossings.js';
import { LAYERS } from './layers/index.js';
import { prove, RULES, worldOf } from './proofs/index.js';
import { buildMarkdown } from './proofs/report-markdown.js';
import { buildSarif } from './proofs/report-sarif.js';
import { type StackJson, whole } from './proofs/terraform-json.js';
import type { Environment } from './spec/environment.js';
import { stackName } from './spec/names.js';
import { WAIVABLE } from './spec/waivers.js';

/** Of the rules, not of a stack: raised when what a rule means changes. */
const PROOFS_VERSION = '1.0.0';

export interface ProofReport {
  readonly failures: readonly string[];
  readonly summary: string;
}

const pathOf = (outdir: string, name: string): string => join(outdir, 'stacks', name, 'cdk.tf.json');

/** What was written, each read once, and what in it points out of its own stack. */
export function readStacks(outdir: string, names: readonly string[]) {
  const stacks = new Map(
    names.map((name) => [name, whole(JSON.parse(readFileSync(pathOf(outdir, name), 'utf8')) as Partial<StackJson>)]),
  );
  const of = (name: string): StackJson => {
    const stack = stacks.get(name);
    if (stack === undefined) throw new Error(`no stack ${name} was written`);
    return stack;
  };
  return { of, crossings: [...stacks].flatMap(([name, stack]) => crossings(name, stack)) };
}

/** Runs every proof on what was written, and writes what came out beside it, for people and for machines. */
export function proveStacks(
  environments: readonly Environment[],
  outdir: string,
  stackOf: (name: string) => StackJson,
): ProofReport {
  const worlds = environments.map((environment) =>
    worldOf(
      environment,
      LAYERS.map((layer) => {
        const name = stackName(environment, layer);
        return { name, layer, json: stackOf(name) };
      }),
    ),
  );
  // The spec says of its own rules whether a waiver is used: it sees weakenings that leave no trace in a stack.
  const proofs = prove(worlds, RULES, new Set(Object.keys(WAIVABLE)));
  writeFileSync(
    join(outdir, 'proofs.sarif'),
    `${JSON.stringify(buildSarif(proofs, RULES, PROOFS_VERSION), null, 1)}\n`,
  );
  writeFileSync(join(outdir, 'proofs.md'), buildMarkdown(proofs, RULES));
  const counted = `${RULES.length} rules, ${proofs.all.length} facts, ${proofs.warnings.length} not yet as promised`;
  return { failures: proofs.failures, summary: `proved: ${counted}; ${outdir}/proofs.md and proofs.sarif` };
}

/** Also what an earlier run wrote, of whatever environments. The folders stay: a local state may lie in one. */
export const withdrawAll = (outdir: string): void => {
  const folder = join(outdir, 'stacks');
  if (existsSync(folder)) for (const name of readdirSync(folder)) rmSync(pathOf(outdir, name), { force: true });
};
