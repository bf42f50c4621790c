/** A use of what only one of Terraform and OpenTofu has, or what one of them has later than 1.11. */
export interface Foreign {
  readonly path: string;
  readonly what: string;
}

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
type Fields = { readonly [key: string]: Json };

/** Blocks that both have had since 1.11 at the latest (`ephemeral`: Terraform 1.10, OpenTofu 1.11). */
const BLOCKS = new Set([
  ...['//', 'terraform', 'provider', 'resource', 'data', 'locals', 'output', 'variable', 'module'],
  ...['moved', 'removed', 'import', 'check', 'ephemeral'],
]);
/** Not `cloud` (HCP Terraform), `encryption` (OpenTofu), `state_store`, `experiments`. */
const TERRAFORM = new Set(['required_version', 'required_providers', 'backend']);
const BACKENDS = new Set(['local', 's3', 'gcs', 'azurerm']);
/** Not `enabled` (OpenTofu), `action_trigger` (Terraform 1.14). */
const LIFECYCLE = new Set([
  ...['create_before_destroy', 'prevent_destroy', 'ignore_changes', 'replace_triggered_by'],
  ...['precondition', 'postcondition'],
]);
/** Not `deprecated` (OpenTofu 1.10, Terraform later), `const` (Terraform). */
const VARIABLE = new Set(['type', 'default', 'description', 'sensitive', 'nullable', 'validation', 'ephemeral']);
const OUTPUT = new Set(['value', 'description', 'sensitive', 'depends_on', 'precondition', 'ephemeral']);

/** Functions of both; `test/real/infra/features.test.ts` asks the installed Terraform for each. */
export const FUNCTIONS: ReadonlySet<string> = new Set(
  `abs abspath alltrue anytrue base64decode base64encode base64gzip base64sha256 base64sha512 basename bcrypt can ceil
  chomp chunklist cidrhost cidrnetmask cidrsubnet cidrsubnets coalesce coalescelist compact concat contains csvdecode
  dirname distinct element endswith ephemeralasnull file filebase64 filebase64sha256 filebase64sha512 fileexists filemd5
  fileset filesha1 filesha256 filesha512 flatten floor format formatdate formatlist indent index issensitive join
  jsondecode jsonencode keys length log lookup lower matchkeys max md5 merge min nonsensitive one parseint pathexpand
  plantimestamp pow range regex regexall replace reverse rsadecrypt sensitive setintersection setproduct setsubtract
  setunion sha1 sha256 sha512 signum slice sort split startswith strcontains strrev substr sum templatefile
  templatestring textdecodebase64 textencodebase64 timeadd timecmp timestamp title tobool tolist tomap tonumber toset
  tostring transpose trim trimprefix trimspace trimsuffix try upper urlencode uuid uuidv5 values yamldecode yamlencode
  zipmap`.split(/\s+/),
);

/** Everything in a stack that keeps it from being the same stack for Terraform and for OpenTofu, from 1.11 on. */
export function foreignFeatures(stack: Fields): readonly Foreign[] {
  return [
    ...others(stack, BLOCKS, ''),
    ...terraformBlock(fieldsOf(stack.terraform)),
    ...providers(fieldsOf(stack.provider)),
    ...instances(stack).flatMap(([path, one]) => lifecycle(path, one)),
    ...named(stack.variable).flatMap(([name, one]) => others(one, VARIABLE, `variable.${name}.`)),
    ...named(stack.output).flatMap(([name, one]) => others(one, OUTPUT, `output.${name}.`)),
    ...texts(stack, '').flatMap(([path, text]) => expressions(path, text)),
  ];
}

function terraformBlock(terraform: Fields): readonly Foreign[] {
  const version = String(terraform.required_version ?? 'not set');
  const dynamic = texts(terraform, 'terraform.').filter(([, text]) => text.includes('${'));
  return [
    ...others(terraform, TERRAFORM, 'terraform.'),
    ...(/^>= 1\.(1[1-9]|[2-9]\d)(\.\d+)?$/.test(version)
      ? []
      : [{ path: 'terraform.required_version', what: `${version}: not an open floor of 1.11 or later` }]),
    ...others(fieldsOf(terraform.backend), BACKENDS, 'terraform.backend.'),
    ...named(terraform.required_providers)
      .filter(([, { source }]) => String(source).split('/').length > 2)
      .map(([name, { source }]) => ({
        path: `terraform.required_providers.${name}.source`,
        what: `${source} names a registry: each tool has its own`,
      })),
    ...dynamic.map(([path]) => ({ path, what: 'an expression where only OpenTofu evaluates one' })),
  ];
}

const providers = (blocks: Fields): readonly Foreign[] =>
  Object.entries(blocks).flatMap(([name, given]) =>
    (Array.isArray(given) ? given : [given])
      .filter((one) => fieldsOf(one).for_each !== undefined)
      .map(() => ({ path: `provider.${name}.for_each`, what: 'for_each of providers is OpenTofu alone' })),
  );

function lifecycle(path: string, one: Fields): readonly Foreign[] {
  const given = fieldsOf(one.lifecycle);
  const { prevent_destroy } = given;
  return [
    ...others(given, LIFECYCLE, `${path}.lifecycle.`),
    ...(prevent_destroy === undefined || typeof prevent_destroy === 'boolean'
      ? []
      : [{ path: `${path}.lifecycle.prevent_destroy`, what: 'not a plain true or false' }]),
  ];
}

function expressions(path: string, text: string): readonly Foreign[] {
  const code = templatesOf(text).join(' ');
  const calls = [...code.matchAll(/(?<![\w.:"])([a-z][a-z0-9_]*)\(/g)].map(([, name = '']) => name);
  return [
    ...calls
      .filter((name) => !FUNCTIONS.has(name))
      .map((name) => ({ path, what: `${name}() is not a function of both` })),
    ...[...code.matchAll(/\b(provider::terraform::\w+|tofu\.\w+|terraform\.applying)/g)].map(([what]) => ({
      path,
      what: `${what} is not in both`,
    })),
  ];
}

/** What stands in `${…}`. What is escaped, `$${…}`, is text for somebody else, such as IAM. */
function templatesOf(text: string): readonly string[] {
  const plain = text.replaceAll('$${', '');
  const found: string[] = [];
  for (let from = plain.indexOf('${'); from >= 0; from = plain.indexOf('${', from)) {
    let depth = 1;
    let to = from + 2;
    while (to < plain.length && depth > 0) {
      if (plain[to] === '{') depth += 1;
      if (plain[to] === '}') depth -= 1;
      to += 1;
    }
    found.push(plain.slice(from + 2, to - 1));
    from = to;
  }
  return found;
}

const fieldsOf = (value: Json | undefined): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};

const named = (value: Json | undefined): readonly (readonly [string, Fields])[] =>
  Object.entries(fieldsOf(value)).map(([name, one]) => [name, fieldsOf(one)]);

const instances = (stack: Fields): readonly (readonly [string, Fields])[] =>
  (['resource', 'data', 'ephemeral'] as const).flatMap((kind) =>
    named(stack[kind]).flatMap(([type, ofType]) => named(ofType).map(([id, one]) => [`${type}.${id}`, one] as const)),
  );

const others = (given: Fields, known: ReadonlySet<string>, at: string): readonly Foreign[] =>
  Object.keys(given)
    .filter((name) => !known.has(name))
    .map((name) => ({ path: `${at}${name}`, what: 'not in both Terraform and OpenTofu since 1.11' }));

function texts(value: Json, at: string): readonly (readonly [path: string, text: string])[] {
  if (typeof value === 'string') return [[at, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) =>
    texts(one as Json, at.endsWith('.') || at === '' ? `${at}${key}` : `${at}.${key}`),
  );
}
