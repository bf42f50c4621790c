import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Bucket } from '@cdktf/provider-aws/lib/s3-bucket/index.js';
import { App, LocalBackend, TerraformOutput, TerraformStack } from 'cdktf';
import { crossings } from '../../stacks/crossings.js';

/** Two stacks, of which the second names a bucket: its own, or the first's. */
function textOf(whose: 'own' | 'foreign'): string {
  const outdir = mkdtempSync(join(tmpdir(), 'memplane-crossing-'));
  try {
    const app = new App({ outdir, skipValidation: true });
    const [first, second] = ['first', 'second'].map((name) => {
      const stack = new TerraformStack(app, name);
      new LocalBackend(stack, { path: `${name}.tfstate` });
      return { stack, bucket: new S3Bucket(stack, 'bucket', {}) };
    });
    if (first === undefined || second === undefined) throw new Error('no stacks');
    new TerraformOutput(second.stack, 'arn', { value: (whose === 'own' ? second : first).bucket.arn });
    app.synth();
    return readFileSync(join(outdir, 'stacks', 'second', 'cdk.tf.json'), 'utf8');
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

it('a stack that takes a value of another one is found out', () => {
  expect(crossings('second', textOf('foreign'))).toEqual([expect.stringContaining('a value of another stack')]);
  expect(crossings('second', textOf('own'))).toEqual([]);
});
