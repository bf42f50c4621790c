import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Bucket } from '@cdktf/provider-aws/lib/s3-bucket/index.js';
import { App, LocalBackend, TerraformOutput, TerraformStack } from 'cdktf';
import { crossings } from '../../stacks/crossings.js';
import { PlainStack } from '../../stacks/plain-stack.js';
import { type StackJson, whole } from '../../stacks/proofs/terraform-json.js';

/** Two stacks, of which the second names a bucket: its own, or the first's. */
function secondOf(whose: 'own' | 'foreign', Stack: typeof TerraformStack): StackJson {
  const outdir = mkdtempSync(join(tmpdir(), 'memplane-crossing-'));
  try {
    const app = new App({ outdir, skipValidation: true });
    const [first, second] = ['first', 'second'].map((name) => {
      const stack = new Stack(app, name);
      new LocalBackend(stack, { path: `${name}.tfstate` });
      return { stack, bucket: new S3Bucket(stack, 'bucket', {}) };
    });
    if (first === undefined || second === undefined) throw new Error('no stacks');
    new TerraformOutput(second.stack, 'arn', { value: (whose === 'own' ? second : first).bucket.arn });
    app.synth();
    return whole(JSON.parse(readFileSync(join(outdir, 'stacks', 'second', 'cdk.tf.json'), 'utf8')) as StackJson);
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

it.each([
  ['ours, which looks for none', PlainStack],
  ['one of cdktf, which makes a remote state of it', TerraformStack],
])('a stack that takes a value of another one is found out: %s', (_, Stack) => {
  expect(crossings('second', secondOf('foreign', Stack))[0]).toContain('a value of another stack');
  expect(crossings('second', secondOf('own', Stack))).toEqual([]);
});

const braced = (expression: string): string => `$\{${expression}}`;

it.each<[string, Partial<StackJson>]>([
  ['in a dependency', { resource: { aws_sqs_queue: { q: { depends_on: ['aws_kms_key.other'] } } } }],
  [
    'inside of a policy',
    { resource: { aws_sqs_queue: { q: { policy: `{"K":"${braced('aws_kms_key.other.arn')}"}` } } } },
  ],
  ['in a local', { locals: { key: braced('data.aws_kms_key.other.arn') } }],
])('a reference to nothing is found %s', (_, stack) => {
  expect(crossings('one', whole(stack))).toEqual([expect.stringMatching(/aws_kms_key\.other is not in this stack/)]);
});
