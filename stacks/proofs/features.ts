import { type Evidence, evidence, type ProvenStack, type Rule } from './rule.js';
import { at, type Json, stringsOf } from './terraform-json.js';

/** Blocks that Terraform and OpenTofu read alike from 1.11 on. `list`, `action` are Terraform's only, `encryption` the other's. */
const BLOCKS = new Set([
  '//',
  'terraform',
  'provider',
  'resource',
  'data',
  'locals',
  'output',
  'moved',
  'removed',
  'import',
  'check',
  'ephemeral',
  'variable',
  'module',
]);
const SETTINGS = new Set(['backend', 'required_providers', 'required_version']);

/** Functions of both from 1.11 on, as far as stacks have reason to call one. */
const FUNCTIONS = new Set(
  `abs base64decode base64encode base64sha256 can ceil chomp cidrhost cidrsubnet coalesce compact concat contains
  distinct element flatten floor format formatlist index join jsondecode jsonencode keys length lookup lower max merge
  md5 min nonsensitive one parseint range regex regexall replace reverse sensitive setunion sha256 slice sort split
  startswith endswith strcontains substr sum templatestring title tobool tolist tomap tonumber toset tostring trim
  trimprefix trimsuffix trimspace try upper urlencode uuid values zipmap`
    .trim()
    .split(/\s+/),
);

const version: Rule = {
  id: 'TF-VERSION',
  title: 'Terraform and OpenTofu below 1.11 are refused: they would keep write-only arguments',
  topic: 'change',
  scanners: [],
  remedy: 'leave required_version at >= 1.11.0',
  prove: (world) =>
    world.stacks.map((stack) => {
      const value = String(at(stack.json.terraform, 'required_version') ?? 'nothing');
      const [, minor = '0'] = /^>= 1\.(\d+)\.\d+$/.exec(value) ?? [];
      const told = { attribute: 'required_version', value, wanted: '>= 1.11.0 or later' };
      return evidence(stack, { address: 'terraform' }, Number(minor) >= 11, told);
    }),
};

const language: Rule = {
  id: 'TF-LANGUAGE',
  title: 'A stack says nothing that only one of Terraform and OpenTofu understands',
  topic: 'change',
  scanners: [],
  remedy: 'use what both have from 1.11 on',
  prove: (world) => world.stacks.flatMap(languageOf),
};

function languageOf(stack: ProvenStack): readonly Evidence[] {
  const blocks = Object.keys(stack.json).filter((name) => !BLOCKS.has(name));
  const settings = Object.keys(stack.json.terraform).filter((name) => !SETTINGS.has(name));
  const called = [...new Set(expressionsOf(stack).flatMap(callsIn))];
  const unknown = called.filter((name) => !FUNCTIONS.has(name));
  const terraform = { address: 'terraform' };
  const told = (attribute: string, found: readonly string[], wanted: string) => ({
    attribute,
    value: found.join(', ') || 'none',
    wanted,
  });
  return [
    evidence(stack, terraform, blocks.length === 0, told('blocks of one only', blocks, 'none')),
    evidence(stack, terraform, settings.length === 0, told('settings of one only', settings, 'none')),
    evidence(stack, terraform, unknown.length === 0, told('functions of one only', unknown, 'none')),
  ];
}

const expressionsOf = ({ json }: ProvenStack): readonly string[] => {
  const parts = [json.resource, json.data, json.locals, json.output, json.provider] as readonly (Json | undefined)[];
  return parts.flatMap((part) => stringsOf(part)).flatMap(([, text]) => insideOf(text));
};

/** What stands in `${…}`, strings taken out; `$${` is a dollar and a brace. */
function insideOf(text: string): readonly string[] {
  const found = text.replaceAll('$${', '').match(/\$\{[\s\S]*\}/);
  return found === null ? [] : [found[0]];
}

/** `provider::aws::arn_parse(` has its colons in it, and so is not known. */
function callsIn(expression: string): readonly string[] {
  return [...expression.matchAll(/([A-Za-z][\w:]*)\(/g)].map(([, name = '']) => name);
}

/** An impure value is another one at each plan: only a local that is written nowhere may have one. */
const pure: Rule = {
  id: 'TF-PURE',
  title: 'The same code gives the same plan: nothing asks for the time, and random values stay in locals',
  topic: 'change',
  scanners: [],
  remedy: 'take values that change from the environment',
  prove: (world) =>
    world.stacks.map((stack) => {
      const elsewhere = [stack.json.resource, stack.json.output].flatMap((part) => stringsOf(part as never));
      const timed = expressionsOf(stack).filter((text) => /\b(timestamp|plantimestamp)\(/.test(text));
      const random = elsewhere
        .filter(([, text]) => /\$\{[^}]*\b(uuid|bcrypt)\(/.test(text))
        .map(([path]) => path.join('.'));
      const found = [...timed, ...random];
      const told = { attribute: 'impure expressions', value: found.join(', ') || 'none', wanted: 'none' };
      return evidence(stack, { address: 'terraform' }, found.length === 0, told);
    }),
};

/** The state names every resource and outlives every laptop. */
const backend: Rule = {
  id: 'TF-BACKEND',
  title: 'State lies encrypted in a bucket of ours, and two runs do not write it at once',
  topic: 'access',
  scanners: [],
  remedy: 'leave the backend to stacks/backend.ts',
  prove: (world) =>
    world.stacks
      .filter(({ layer }) => layer !== 'bootstrap')
      .map((stack) => {
        const [kind, settings] =
          Object.entries((at(stack.json.terraform, 'backend') ?? {}) as Record<string, Json>)[0] ?? [];
        const holds =
          (kind === 's3' &&
            at(settings, 'encrypt') === true &&
            at(settings, 'use_lockfile') === true &&
            at(settings, 'kms_key_id') !== undefined) ||
          // Both lock by themselves.
          (kind === 'gcs' && at(settings, 'kms_encryption_key') !== undefined) ||
          (kind === 'azurerm' && at(settings, 'use_azuread_auth') === true);
        const told = {
          attribute: 'backend',
          value: kind ?? 'local',
          wanted: 'encrypted with a key of ours, and locked',
        };
        return evidence(stack, { address: 'terraform' }, holds, told);
      }),
};

export const terraformRules: readonly Rule[] = [version, language, pure, backend];
