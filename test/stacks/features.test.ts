import { readdirSync } from 'node:fs';
import { foreignFeatures } from '../support/terraform-features.js';
import { type Attributes, reviewed, type StackJson } from '../support/terraform-json.js';

const names = readdirSync('test/golden/stacks').map((file) => file.replace(/\.json$/, ''));

type Fields = Parameters<typeof foreignFeatures>[0];

const found = (stack: StackJson) => foreignFeatures(stack as unknown as Fields);

/** OpenTofu is not run by any test: what it has in common with Terraform is what this file is for. */
describe('the stacks use what Terraform and OpenTofu have had in common since 1.11', () => {
  it.each(names)('%s', (name) => {
    expect(found(reviewed(name))).toEqual([]);
  });

  it('and do need 1.11: planes hand over write-only arguments', () => {
    const planes = names.filter((name) => name.endsWith('-plane'));
    expect(planes.length).toBeGreaterThan(0);
    for (const name of planes) expect(JSON.stringify(reviewed(name).resource)).toMatch(/"\w+_wo":/);
  });
});

describe('what is not common is found', () => {
  const editable = (name: string) =>
    JSON.parse(JSON.stringify(reviewed(name))) as StackJson & { [block: string]: unknown };
  const bucket = (stack: StackJson): Attributes => Object.values(stack.resource.aws_s3_bucket ?? {})[0] ?? {};

  it.each<[string, string, (stack: StackJson & { [block: string]: unknown }) => void]>([
    ['an action block', 'action', (stack) => Object.assign(stack, { action: {} })],
    ['a list block', 'list', (stack) => Object.assign(stack, { list: {} })],
    ['HCP Terraform', 'terraform.cloud', ({ terraform }) => Object.assign(terraform, { cloud: {} })],
    ['state encryption', 'terraform.encryption', ({ terraform }) => Object.assign(terraform, { encryption: {} })],
    ['no version', 'terraform.required_version', ({ terraform }) => delete terraform.required_version],
    ['an older floor', 'terraform.required_version', (s) => Object.assign(s.terraform, { required_version: '>= 1.7' })],
    ['a ceiling', 'terraform.required_version', (s) => Object.assign(s.terraform, { required_version: '~> 1.11' })],
    [
      'a backend of one',
      'terraform.backend.oci',
      ({ terraform }) => Object.assign(terraform, { backend: { oci: {} } }),
    ],
    [
      'a backend that is computed',
      'terraform.backend.s3.bucket',
      ({ terraform }) => Object.assign((terraform.backend as { s3: object }).s3, { bucket: `\${var.bucket}` }),
    ],
    [
      'a registry by name',
      'terraform.required_providers.aws.source',
      ({ terraform }) =>
        Object.assign((terraform.required_providers as { aws: object }).aws, {
          source: 'registry.terraform.io/hashicorp/aws',
        }),
    ],
    [
      'providers by for_each',
      'provider.aws.for_each',
      (s) => Object.assign(s.provider.aws?.[0] ?? {}, { for_each: [] }),
    ],
    [
      'resources that are switched off',
      'aws_s3_bucket.access_logs.lifecycle.enabled',
      (stack) => Object.assign(bucket(stack), { lifecycle: { enabled: false } }),
    ],
    [
      'prevent_destroy from a variable',
      'aws_s3_bucket.access_logs.lifecycle.prevent_destroy',
      (stack) => Object.assign(bucket(stack), { lifecycle: { prevent_destroy: `\${var.keep}` } }),
    ],
    ['a function of OpenTofu', 'locals.x', (stack) => Object.assign(stack, { locals: { x: `\${urldecode("a")}` } })],
    [
      "a function of Terraform's own provider",
      'locals.x',
      (stack) => Object.assign(stack, { locals: { x: `\${provider::terraform::encode_expr(1)}` } }),
    ],
    [
      'a deprecated output',
      'output.x.deprecated',
      (s) => Object.assign(s.output, { x: { value: 1, deprecated: 'y' } }),
    ],
    [
      'a constant variable',
      'variable.x.const',
      (stack) => Object.assign(stack, { variable: { x: { type: 'string', const: true } } }),
    ],
  ])('%s: %s', (_, path, spoil) => {
    const stack = editable('aws-prod-vault');
    spoil(stack);
    expect(found(stack).map((one) => one.path)).toContain(path);
  });

  it('but not what is written for IAM, nor text that looks like a call', () => {
    const stack = editable('aws-prod-vault');
    Object.assign(stack, { locals: { x: '$${aws:PrincipalTag/kubernetes(x)}', y: `see nosuch(1) in \${var.z}` } });
    expect(found(stack)).toEqual([]);
  });
});
