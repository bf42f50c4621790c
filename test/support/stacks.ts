import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../../stacks/config.js';
import type { LogicalIds } from '../../stacks/logical-ids.js';
import type { Environment } from '../../stacks/spec/environment.js';
import { environments } from '../../stacks/spec/index.js';
import { synthesise } from '../../stacks/synthesise.js';
import type { StackJson } from './terraform-json.js';

export { type Attributes, inventory, type Json, plainId, type StackJson } from './terraform-json.js';

export interface Synthesised {
  readonly code: 0 | 1;
  readonly out: readonly string[];
  readonly errors: readonly string[];
  readonly stacks: ReadonlyMap<string, StackJson>;
}

/** The real thing into a folder that is gone afterwards. */
export function synth(
  given: readonly Environment[] = environments,
  config: Config = {},
  locked: LogicalIds = {},
): Synthesised {
  const outdir = mkdtempSync(join(tmpdir(), 'memplane-synth-'));
  const out: string[] = [];
  const errors: string[] = [];
  try {
    const report = { out: (line: string) => out.push(line), error: (line: string) => errors.push(line) };
    const code = synthesise(given, config, report, join(outdir, 'out'), locked);
    return { code, out, errors, stacks: readStacks(join(outdir, 'out', 'stacks')) };
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

function readStacks(folder: string): ReadonlyMap<string, StackJson> {
  let names: readonly string[];
  try {
    names = readdirSync(folder).sort();
  } catch {
    return new Map();
  }
  return new Map(
    names
      // A folder without it was withdrawn.
      .filter((name) => existsSync(join(folder, name, 'cdk.tf.json')))
      .map((name) => [name, JSON.parse(readFileSync(join(folder, name, 'cdk.tf.json'), 'utf8')) as StackJson]),
  );
}

export function find(name: string, given: readonly Environment[] = environments): Environment {
  const found = given.find(({ name: one, place }) => `${place.cloud}-${one}` === name);
  if (found === undefined) throw new Error(`no environment ${name} in the spec`);
  return found;
}

/** Production as it stands after Azure's second apply, on which the promises are made. */
export const locked = (environment: Environment): Environment =>
  environment.place.cloud === 'azure'
    ? { ...environment, place: { ...environment.place, immutability: 'Locked' } }
    : environment;

export function stackOf(synthesised: Synthesised, name: string): StackJson {
  const found = synthesised.stacks.get(name);
  if (found === undefined) throw new Error(`no stack ${name}; there are ${[...synthesised.stacks.keys()].join(', ')}`);
  return found;
}
