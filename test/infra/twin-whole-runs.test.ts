import { wholeRun } from '../support/twins/every-stack.js';
import { Inventory } from '../support/twins/inventory.js';

describe('cdktf without the name of a stack, in a rehearsal', () => {
  it('diffs one stack after the other, synthesised once', () => {
    const run = wholeRun(['npx', 'cdktf', 'diff', '--refresh-only']);
    expect(run?.synth).toEqual(['npx', 'cdktf', 'synth']);
    expect(run?.each?.('aws-dev-vault')).toEqual([
      'npx',
      'cdktf',
      'diff',
      'aws-dev-vault',
      '--refresh-only',
      '--skip-synth',
    ]);
    expect(wholeRun(['cdktf', 'plan', '--skip-synth'])).not.toHaveProperty('synth');
  });

  it('deploys all of them, not all at a time', () => {
    expect(wholeRun(['npx', 'cdktf', 'deploy', '--auto-approve'])?.all).toEqual([
      'npx',
      'cdktf',
      'deploy',
      '*',
      '--auto-approve',
      '--parallelism',
      '4',
    ]);
    expect(wholeRun(['cdktf', 'destroy', '--parallelism=1'])?.all).toEqual([
      'cdktf',
      'destroy',
      '*',
      '--parallelism=1',
    ]);
  });

  it.each([
    [['npx', 'cdktf', 'diff', 'aws-dev-vault']],
    [['npx', 'cdktf', 'diff', '--help']],
    [['npx', 'cdktf', 'diff', '--var', 'a=b']],
    [['npx', 'cdktf', 'synth']],
    [['terraform', 'plan']],
    [[]],
  ])('%j is left as it is', (command) => {
    expect(wholeRun(command)).toBeUndefined();
  });
});

describe('what exists in a rehearsal', () => {
  it('is what was made last and not destroyed, found by its id or its own name', () => {
    const inventory = new Inventory();
    inventory.keep('aws_s3_bucket', { id: 'one', arn: 'arn:aws:s3:::one', tags: null });
    inventory.keep('aws_s3_bucket', { id: 'one', arn: 'arn:aws:s3:::one', tags: { a: 'b' } });
    expect(inventory.find('aws_s3_bucket', 'one')).toMatchObject({ tags: { a: 'b' } });
    expect(inventory.find('aws_s3_bucket', 'arn:aws:s3:::one')).toMatchObject({ id: 'one' });
    expect(inventory.find('aws_s3_bucket_policy', 'one')).toBeUndefined();
    inventory.drop('aws_s3_bucket', { id: 'one' });
    expect(inventory.find('aws_s3_bucket', 'one')).toBeUndefined();
  });
});
