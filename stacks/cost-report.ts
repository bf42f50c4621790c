import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Estimate, estimate } from './cost/estimate.js';
import { buildCostMarkdown, buildCostTable } from './cost/report.js';
import { LAYERS } from './layers/index.js';
import type { StackJson } from './proofs/terraform-json.js';
import type { Environment, Problem } from './spec/environment.js';
import { stackName } from './spec/names.js';
import { deriveRecovery, promisedMinutes } from './spec/recovery.js';
import { describe } from './spec/validate.js';

export interface CostReport {
  /** A promise that these stacks do not keep, a price that the book does not have. */
  readonly failures: readonly string[];
  /** A few lines, for the end of synth. */
  readonly summary: readonly string[];
}

/** What was written costs so much: `cost.json` for machines and `cost.md` for people, beside the stacks. */
export function reportCosts(
  environments: readonly Environment[],
  outdir: string,
  stackOf: (name: string) => StackJson,
): CostReport {
  const estimates = environments.map((environment) => {
    const stacks = LAYERS.map((layer) => stackName(environment, layer)).map((name) => ({
      name,
      json: stackOf(name),
    }));
    return { environment, costs: estimate(environment, stacks) };
  });
  const recovery = environments.map((environment) => ({
    environment: `${environment.place.cloud}-${environment.name}`,
    promises: recoveryOf(environment),
  }));
  const costs = estimates.map((one) => one.costs);
  writeFileSync(join(outdir, 'cost.json'), `${JSON.stringify({ costs, recovery }, null, 1)}\n`);
  writeFileSync(join(outdir, 'cost.md'), buildCostMarkdown(costs, recovery));
  return {
    failures: estimates.flatMap(failuresOf),
    summary: [...buildCostTable(costs), `costs: ${outdir}/cost.md and cost.json`],
  };
}

function failuresOf({
  environment,
  costs,
}: {
  readonly environment: Environment;
  readonly costs: Estimate;
}): readonly string[] {
  const { monthlyBudget } = environment.promises;
  if (monthlyBudget === undefined || costs.monthly <= monthlyBudget) return costs.problems;
  const least = Math.ceil(costs.monthly);
  const over: Problem = {
    path: `${costs.environment}.promises.monthlyBudget`,
    value: monthlyBudget,
    message: `promised ${monthlyBudget} ${costs.currency} a month, settings give ${least}`,
    allowed: `${least} or more, or smaller sizes`,
  };
  return [...costs.problems, describe(over)];
}

function recoveryOf(environment: Environment) {
  const promised = promisedMinutes(environment);
  return deriveRecovery(environment).map(({ promise, minutes, because }) => ({
    promise,
    promised: promised.get(promise) ?? null,
    // JSON knows no infinity.
    derived: Number.isFinite(minutes) ? minutes : null,
    because,
  }));
}
