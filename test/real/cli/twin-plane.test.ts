import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { memoryctl } from '../../support/cli.js';
import { describeWith, openRehearsal, type Rehearsal, terraformMissing } from '../../support/rehearsal.js';
import { reviewedStacks } from '../../support/reviewed-stacks.js';

jest.setTimeout(900_000);

const stacks = reviewedStacks();

/** The whole bridge: the real Terraform applies both stacks (to twins of the clouds) and prints what it has. */
describeWith(terraformMissing(), 'memoryctl plane from-outputs after an apply', () => {
  let rehearsal: Rehearsal;
  beforeAll(async () => {
    rehearsal = await openRehearsal();
  });
  afterAll(() => rehearsal.close());

  const outputsOf = async (name: string): Promise<string> => {
    const stack = stacks.get(name);
    if (stack === undefined) throw new Error(`no stack ${name}`);
    rehearsal.write(name, stack);
    expect((await rehearsal.terraform(name, 'init')).code).toBe(0);
    expect((await rehearsal.terraform(name, 'apply', '-auto-approve')).code).toBe(0);
    return (await rehearsal.terraform(name, 'output', '-json')).said;
  };

  it.each(['aws-prod', 'gcp-prod', 'azure-prod'])('makes the plane of %s', async (environment) => {
    const stdin = await outputsOf(`${environment}-plane`);
    const { code, out, notes } = await memoryctl(['plane', 'from-outputs', '-', '--json'], { stdin });
    expect([code, notes]).toEqual([0, expect.stringContaining('This also needs:')]);
    expect((JSON.parse(out) as { items: readonly { kind: string }[] }).items[0]?.kind).toBe('MemoryPlane');
  });

  // A twin makes up the addresses of Azure's accounts, which the plane derives.
  it.each(['aws-prod', 'gcp-prod'])('finds the vault of %s as the plane derived it', async (environment) => {
    const folder = mkdtempSync(join(tmpdir(), 'memplane-vault-'));
    try {
      const vault = join(folder, 'vault.json');
      writeFileSync(vault, await outputsOf(`${environment}-vault`));
      const { said: stdin } = await rehearsal.terraform(`${environment}-plane`, 'output', '-json');
      const { code, notes } = await memoryctl(['plane', 'from-outputs', '-', '--vault', vault, '--quiet'], { stdin });
      expect([code, notes]).toEqual([0, '']);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
