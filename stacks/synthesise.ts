import { mkdirSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { App } from 'cdktf';
import { RefusedError } from '../infra/support/errors.js';
import { buildStack } from './build-stack.js';
import type { Config } from './config.js';
import { reportCosts } from './cost-report.js';
import { LAYERS } from './layers/index.js';
import { type LogicalIds, lostIds } from './logical-ids.js';
import { proveStacks, readStacks, withdrawAll } from './proof-report.js';
import type { StackJson } from './proofs/terraform-json.js';
import type { Environment, Layer, Problem } from './spec/environment.js';
import { stackName } from './spec/names.js';
import { describe, validate, warnings } from './spec/validate.js';
import { withoutTraces } from './traces.js';

export interface Report {
  readonly out: (line: string) => void;
  readonly error: (line: string) => void;
}

interface Built {
  readonly name: string;
  readonly milliseconds: number;
  /** Why a unit would not build it: what the spec's own rules let through. */
  readonly refusal?: string;
}

/**
 * Terraform JSON of every environment, and what is proved of it; or every reason why not. Returns the exit code; on 1
 * no stack is left that Terraform would apply.
 */
export function synthesise(
  given: readonly Environment[],
  config: Config,
  report: Report,
  outdir?: string,
  locked: LogicalIds = {},
  misshapen: readonly Problem[] = [],
): 0 | 1 {
  const environments = given.map((environment) => pinned(environment, config));
  const problems = [...misshapen, ...validate(environments)].map(describe);
  const takeBack = (reasons: readonly string[]): 1 => {
    withdrawAll(outdir ?? config.outdir ?? 'cdktf.out');
    return fail(reasons, report);
  };
  if (problems.length > 0) return takeBack(problems);
  warn(environments, report);

  const begun = performance.now();
  const app = openApp(outdir);
  const built = withoutTraces(() =>
    environments.flatMap((environment) => LAYERS.map((layer) => build(app, environment, layer))),
  );
  const refusals = built.flatMap(({ name, refusal }) => (refusal === undefined ? [] : [`${name}: ${refusal}`]));
  if (refusals.length > 0) return takeBack(refusals);
  const names = built.map(({ name }) => name);
  const objections = write(app);
  if (objections.length > 0) return takeBack(objections);
  const stacks = readStacks(app.outdir, names);
  const lost = names.flatMap((name) => lostIds(locked, name, stacks.of(name)));
  const proofs = proveStacks(environments, app.outdir, stacks.of);
  const wrong = [...stacks.crossings, ...lost];
  if (wrong.length > 0) return takeBack([...wrong, ...proofs.failures]);
  if (proofs.failures.length > 0) return takeBack(proofs.failures);
  const costs = reportCosts(environments, app.outdir, stacks.of);
  if (costs.failures.length > 0) return takeBack(costs.failures);
  for (const one of built) report.out(lineOf(one, stacks.of(one.name)));
  for (const line of [proofs.summary, ...costs.summary]) report.out(line);
  report.out(`${built.length} stacks in ${app.outdir}/stacks, ${(performance.now() - begun).toFixed(0)} ms`);
  return 0;
}

function warn(environments: readonly Environment[], report: Report): void {
  for (const warning of warnings(environments)) report.error(`warning: ${describe(warning)}`);
}

function lineOf({ name, milliseconds }: Built, stack: StackJson): string {
  const resources = String(countResources(stack)).padStart(4);
  return `${name.padEnd(24)} ${resources} resources ${milliseconds.toFixed(1).padStart(6)} ms`;
}

function fail(reasons: readonly string[], report: Report): 1 {
  for (const reason of reasons) report.error(`error: ${reason}`);
  return 1;
}

/** cdktf makes the last folder of the path only. */
function openApp(outdir: string | undefined): App {
  if (outdir === undefined) return new App();
  mkdirSync(outdir, { recursive: true });
  return new App({ outdir });
}

function build(app: App, environment: Environment, layer: Layer): Built {
  const begun = performance.now();
  const name = stackName(environment, layer);
  try {
    buildStack(app, environment, layer);
    return { name, milliseconds: performance.now() - begun };
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    return { name, milliseconds: performance.now() - begun, refusal: error.message };
  }
}

/** What an aspect or a validation of a construct has against it: cdktf says that by throwing one text. */
const OBJECTION = /^(?:Encountered Annotations with level "ERROR"|.*[Vv]alidation failed.*):\n/;

function write(app: App): readonly string[] {
  try {
    withoutTraces(() => app.synth());
    return [];
  } catch (error) {
    const { message } = error as Error;
    if (!OBJECTION.test(message)) throw error;
    return message
      .replace(OBJECTION, '')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
  }
}

function pinned(environment: Environment, { awsProviderPin }: Config): Environment {
  if (awsProviderPin === undefined) return environment;
  return { ...environment, providers: { ...environment.providers, aws: awsProviderPin } };
}

const countResources = ({ resource }: StackJson): number =>
  Object.values(resource).reduce((sum, ofType) => sum + Object.keys(ofType).length, 0);
