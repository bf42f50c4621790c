import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nearest } from '../../runtime/nearest.js';
import { unusableError } from '../errors.js';

export type Cloud = 'aws' | 'gcp' | 'azure';

type Attributes = Readonly<Record<string, unknown>>;

/** One resource of a synthesised stack. */
export interface GraphResource {
  /** `aws_s3_bucket.audit` */
  readonly address: string;
  readonly type: string;
  /** AWS: of the provider that makes it. */
  readonly region: string;
  readonly attributes: Attributes;
}

export interface StackGraph {
  /** `aws-prod-vault` */
  readonly name: string;
  readonly cloud: Cloud;
  readonly provider: Attributes;
  /** Of what the stack makes; what it only looks up is not among them. */
  readonly types: readonly string[];
  of(type: string): readonly GraphResource[];
  /** The resource that an expression like `${aws_kms_key.data.arn}` refers to. */
  referred(expression: unknown): GraphResource | undefined;
  /** A value as it is after an apply, where another resource of the stack says it; otherwise as it stands. */
  settled(value: unknown): unknown;
}

const PROVIDERS = { aws: 'aws', google: 'gcp', azurerm: 'azure' } as const;
const SYNTH = 'run "npm run synth" (or cdktf synth) first, or name its folder with --out';

/** The stacks that a name means: `aws-prod` is `aws-prod-vault` and `aws-prod-plane`. */
export async function readStacks(out: string, names: readonly string[]): Promise<readonly StackGraph[]> {
  const folder = join(out, 'stacks');
  const known = await readdir(folder).catch((cause: unknown) => {
    throw unusableError(`there are no synthesised stacks in ${folder}`, [SYNTH], cause);
  });
  const chosen = names.map((name) => ({
    name,
    found: known.filter((one) => one === name || one.startsWith(`${name}-`)),
  }));
  const problems = chosen.filter(({ found }) => found.length === 0).map(({ name }) => unknownStack(name, known));
  if (problems.length > 0) throw unusableError(`not all stacks are in ${folder}`, problems);
  const files = [...new Set(chosen.flatMap(({ found }) => found))].sort();
  return await Promise.all(files.map((name) => readStack(join(folder, name, 'cdk.tf.json'), name)));
}

function unknownStack(name: string, known: readonly string[]): string {
  const environments = [...new Set(known.map((one) => one.slice(0, one.lastIndexOf('-'))))];
  const meant = nearest(name, [...environments, ...known]);
  const there = `there are ${[...known].sort().join(', ')}`;
  return `there is no stack ${name}; ${meant === undefined ? there : `did you mean ${meant}? (${there})`}`;
}

async function readStack(path: string, name: string): Promise<StackGraph> {
  try {
    return buildGraph(name, JSON.parse(await readFile(path, 'utf8')) as Attributes);
  } catch (cause) {
    throw unusableError(`${path} is not a synthesised stack`, [SYNTH], cause);
  }
}

export function buildGraph(name: string, stack: Attributes): StackGraph {
  const [providerName] = Object.keys(stack.provider as object);
  const cloud = PROVIDERS[providerName as keyof typeof PROVIDERS];
  const configurations = (stack.provider as Record<string, readonly Attributes[]>)[providerName ?? ''] ?? [];
  const [provider = {}] = configurations;
  const regionOf = (alias: unknown): string => {
    const own = configurations.find((one) => alias === `${providerName}.${String(one.alias)}`) ?? provider;
    return String(own.region ?? '');
  };
  const all = new Map<string, GraphResource>();
  // What is only looked up counts as a type of its own: nobody makes it here, but others stand in it.
  for (const [section, prefix] of [
    ['resource', ''],
    ['data', 'data.'],
  ] as const) {
    for (const [type, group] of Object.entries((stack[section] ?? {}) as Record<string, Record<string, Attributes>>)) {
      for (const [id, attributes] of Object.entries(group)) {
        const address = `${prefix}${type}.${id}`;
        all.set(address, { address, type: `${prefix}${type}`, region: regionOf(attributes.provider), attributes });
      }
    }
  }
  const referred = (expression: unknown): GraphResource | undefined =>
    all.get(/^\$\{((?:data\.)?[a-z0-9_]+\.[A-Za-z0-9_-]+)/.exec(String(expression))?.[1] ?? '');
  const settled = (value: unknown): unknown => {
    const field = /^\$\{[a-z0-9_]+\.[A-Za-z0-9_-]+\.([a-z0-9_]+)\}$/.exec(String(value))?.[1];
    const said = field === undefined ? undefined : referred(value)?.attributes[field];
    return said === undefined ? value : settled(said);
  };
  return {
    name,
    cloud,
    provider,
    types: [...new Set([...all.values()].map(({ type }) => type))].filter((type) => !type.startsWith('data.')).sort(),
    settled,
    referred,
    of: (type) => [...all.values()].filter((resource) => resource.type === type),
  };
}

/** Terraform writes one block as itself or as a list of one. */
export function block(value: unknown): Attributes | undefined {
  const one: unknown = Array.isArray(value) ? value[0] : value;
  return typeof one === 'object' && one !== null ? (one as Attributes) : undefined;
}

export const blocks = (value: unknown): readonly Attributes[] =>
  (Array.isArray(value) ? value : [value]).filter((one): one is Attributes => typeof one === 'object' && one !== null);

/** Several values as one that can be compared: in an order of its own. None is undefined. */
export const listed = (values: readonly (string | undefined)[] | undefined): string | undefined => {
  const said = (values ?? []).filter((one) => one !== undefined).sort();
  return said.length === 0 ? undefined : said.join(', ');
};
