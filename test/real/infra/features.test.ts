import { spawnSync } from 'node:child_process';
import { describeWith, terraformMissing } from '../../support/rehearsal.js';
import { FUNCTIONS } from '../../support/terraform-features.js';

describeWith(terraformMissing(), 'the functions that the feature lint lets through', () => {
  it('are all in this Terraform', () => {
    const { PATH = '' } = process.env;
    const { stdout } = spawnSync('terraform', ['metadata', 'functions', '-json'], {
      encoding: 'utf8',
      env: { PATH, CHECKPOINT_DISABLE: '1' },
    });
    const known = JSON.parse(stdout) as { readonly function_signatures: Readonly<Record<string, object>> };
    expect([...FUNCTIONS].filter((name) => known.function_signatures[name] === undefined)).toEqual([]);
  });
});
