import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { App, type TerraformStack } from 'cdktf';
import { AwsStack } from './aws-stack.js';
import { AzureStack } from './azure-stack.js';
import type { Config } from './config.js';
import { GcpStack } from './gcp-stack.js';
import { LAYERS } from './layers/index.js';
import type { Environment, Layer } from './spec/environment.js';
import { describe, validate, warnings } from './spec/validate.js';

export interface Report {
  readonly out: (line: string) => void;
  readonly error: (line: string) => void;
}

/** Terraform JSON of every environment, or every reason why not. Returns the exit code; on 1 nothing was written. */
export function synthesise(given: readonly Environment[], config: Config, report: Report, outdir?: string): 0 | 1 {
  const environments = given.map((environment) => pinned(environment, config));
  const problems = validate(environments);
  for (const problem of problems) report.error(`error: ${describe(problem)}`);
  if (problems.length > 0) return 1;
  for (const warning of warnings(environments)) report.error(`warning: ${describe(warning)}`);

  const begun = performance.now();
  // The first use of a folder that does not exist fails inside cdktf.
  if (outdir !== undefined) mkdirSync(outdir, { recursive: true });
  const app = new App(outdir === undefined ? {} : { outdir });
  const built = environments.flatMap((environment) => LAYERS.map((layer) => timed(app, environment, layer)));
  app.synth();
  for (const { stack, milliseconds } of built) {
    const resources = countResources(join(app.outdir, 'stacks', stack.node.id, 'cdk.tf.json'));
    report.out(`${stack.node.id.padEnd(24)} ${String(resources).padStart(4)} resources ${milliseconds.padStart(6)} ms`);
  }
  const total = (performance.now() - begun).toFixed(0);
  report.out(`${built.length} stacks in ${app.outdir}/stacks, ${total} ms`);
  return 0;
}

export function buildStack(app: App, environment: Environment, layer: Layer): TerraformStack {
  const { place } = environment;
  switch (place.cloud) {
    case 'aws':
      return new AwsStack(app, environment, place, layer);
    case 'gcp':
      return new GcpStack(app, environment, place, layer);
    case 'azure':
      return new AzureStack(app, environment, place, layer);
  }
}

function timed(app: App, environment: Environment, layer: Layer) {
  const begun = performance.now();
  const stack = buildStack(app, environment, layer);
  return { stack, milliseconds: (performance.now() - begun).toFixed(1) };
}

function pinned(environment: Environment, { awsProviderPin }: Config): Environment {
  if (awsProviderPin === undefined) return environment;
  return { ...environment, providers: { ...environment.providers, aws: awsProviderPin } };
}

function countResources(path: string): number {
  const { resource = {} } = JSON.parse(readFileSync(path, 'utf8')) as { readonly resource?: Record<string, object> };
  return Object.values(resource).reduce((sum, ofType) => sum + Object.keys(ofType).length, 0);
}
