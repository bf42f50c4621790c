import { type Evidence, evidence, type ProvenStack, type Rule } from './rule.js';
import { allResources, type Path, type Resource, stringsOf } from './terraform-json.js';

/** Arguments whose value would lie in the state. Their write-only twins end in `_wo`. */
const HOLDS_SECRET =
  /^(password|master_password|root_password|administrator_(login_)?password|admin_password|auth_token|auth_string|secret_string|secret_binary|secret_data|passwords|shared_key|primary_access_key|private_key|private_key_pem|client_secret|client_key|connection_string|sas_token|token|access_key|secret_key)$/;
/** The value of one type only: elsewhere `value` is anything. */
const VALUE_HOLDS_SECRET = /^(azurerm_key_vault_secret|azurerm_app_configuration_key|aws_ssm_parameter)$/;

/** What secrets look like, wherever they stand. */
const SHAPES: readonly (readonly [name: string, shape: RegExp])[] = [
  ['an AWS access key', /\b(AKIA|ASIA)[A-Z0-9]{16}\b/],
  ['a private key', /-----BEGIN [A-Z ]*PRIVATE KEY-----/],
  ['a Google API key', /\bAIza[A-Za-z0-9_-]{35}\b/],
  ['an Azure storage key', /AccountKey=[A-Za-z0-9+/]{60,}/],
  ['a token of GitHub', /\bgh[pousr]_[A-Za-z0-9]{36}\b/],
  ['a token of Slack', /\bxox[abprs]-[A-Za-z0-9-]{10,}/],
  ['a JSON web token', /\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\./],
  ['a URL with a password', /\b[a-z][a-z0-9+.-]*:\/\/[^/\s:@$]+:[^/\s:@$]{3,}@/],
];

/** Almost no string has any of these, and it costs much less to see that. */
const SUSPECT = /AKIA|ASIA|PRIVATE KEY|AIza|AccountKey=|gh[pousr]_|xox|eyJ|:\/\//;

const plain: Rule = {
  id: 'SECRET-ARGUMENT',
  title: 'No argument holds a secret that would lie in the state',
  topic: 'access',
  scanners: ['CKV_SECRET_6'],
  remedy: 'use the write-only argument (…_wo) with its version, or a reference by name',
  prove: (world) =>
    world.stacks.flatMap((stack) =>
      allResources(stack.json).flatMap((one) => [...secretArguments(stack, one), ...writeOnly(stack, one)]),
    ),
};

function secretArguments(stack: ProvenStack, one: Resource): readonly Evidence[] {
  return stringsOf(one.attributes)
    .filter(([path]) => {
      const name = nameIn(path);
      return HOLDS_SECRET.test(name) || (name === 'value' && VALUE_HOLDS_SECRET.test(one.type));
    })
    .map(([path]) =>
      evidence(stack, one, false, { attribute: path.join('.'), value: '(not shown)', wanted: 'a write-only argument' }),
    );
}

/** One that is never sent again would outlive its rotation. */
function writeOnly(stack: ProvenStack, one: Resource): readonly Evidence[] {
  return Object.keys(one.attributes)
    .filter((name) => name.endsWith('_wo'))
    .map((name) => {
      const version = one.attributes[`${name}_version`];
      const told = { attribute: name, value: `version ${String(version)}`, wanted: 'a version beside it' };
      return evidence(stack, one, version !== undefined && version !== null, told);
    });
}

const nameIn = (path: Path): string => String(path.filter((key) => !/^\d+$/.test(String(key))).at(-1) ?? '');

const shaped: Rule = {
  id: 'SECRET-SHAPE',
  title: 'Nothing in a stack looks like a secret, names and descriptions included',
  topic: 'access',
  scanners: [],
  remedy: 'take it out, and have it rotated: whoever read the file has it',
  prove: (world) =>
    world.stacks.map((stack) => {
      const found = stringsOf(stack.json as never).flatMap(([path, text]) =>
        (SUSPECT.test(text) ? SHAPES : [])
          .filter(([, shape]) => shape.test(text))
          .map(([name]) => `${name} at ${path.join('.')}`),
      );
      const told = { attribute: 'every string', value: found.join('; ') || 'none', wanted: 'no secret' };
      return evidence(stack, { address: 'stack' }, found.length === 0, told);
    }),
};

/** A password is made in a local, which is evaluated once an apply; it may go only where nothing is kept. */
const generated: Rule = {
  id: 'SECRET-GENERATED',
  title: 'A generated password goes to write-only arguments and to nothing else',
  topic: 'access',
  scanners: [],
  remedy: 'read the local in *_wo arguments only; outputs and ordinary arguments are kept in the state',
  prove: (world) => world.stacks.flatMap(generatedIn),
};

function generatedIn(stack: ProvenStack): readonly Evidence[] {
  const names = Object.entries(stack.json.locals ?? {})
    .filter(([, value]) => /\buuid\(\)|\brandom/.test(JSON.stringify(value)))
    .map(([name]) => name);
  if (names.length === 0) return [];
  const uses = [...allResources(stack.json).flatMap(usesIn), ...outputsIn(stack)];
  return names.map((name) => {
    const kept = uses.filter(([path, text]) => mentions(text, name) && !/_wo$/.test(nameIn(path)));
    const taken = uses.some(([, text]) => mentions(text, name));
    const told = {
      attribute: 'used by',
      value: kept.map(([path]) => path.join('.')).join(', ') || (taken ? 'write-only arguments' : 'nothing'),
      wanted: 'write-only arguments',
    };
    return evidence(stack, { address: `local.${name.replace(/_[0-9A-F]{8}$/, '')}` }, taken && kept.length === 0, told);
  });
}

const usesIn = ({ address, attributes }: Resource): readonly (readonly [Path, string])[] =>
  stringsOf(attributes).map(([path, text]) => [[address, ...path], text] as const);

const outputsIn = ({ json }: ProvenStack): readonly (readonly [Path, string])[] =>
  stringsOf(json.output as never).map(([path, text]) => [['output', ...path], text] as const);

const mentions = (text: string, name: string): boolean => text.includes(`local.${name}`);

export const secretRules: readonly Rule[] = [plain, shaped, generated];
