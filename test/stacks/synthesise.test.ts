import { find, stackOf, synth } from '../support/stacks.js';

const aws = find('aws-dev');

describe('synth', () => {
  it('prints a line a stack with its resources and time, and a total', () => {
    const { code, out, errors } = synth([aws]);
    expect(code).toBe(0);
    expect(errors).toEqual([]);
    for (const [line, layer] of ['bootstrap', 'vault', 'plane'].entries()) {
      expect(out[line]).toMatch(new RegExp(`^aws-dev-${layer} +\\d+ resources +\\d+\\.\\d ms$`));
    }
    expect(out.at(-1)).toMatch(/^3 stacks in .*\/stacks, \d+ ms$/);
  });

  it('counts what is in the file', () => {
    const { out, stacks } = synth([aws]);
    const resources = Object.values(stacks.get('aws-dev-plane')?.resource ?? {}).flatMap((one) => Object.keys(one));
    expect(out.find((line) => line.startsWith('aws-dev-plane'))).toContain(` ${resources.length} resources`);
  });

  it('says what a month costs, and writes it down for people and machines', () => {
    const { out } = synth([aws]);
    expect(out.find((line) => line.startsWith('a month'))).toContain('plane');
    expect(out.find((line) => line.startsWith('aws-dev  '))).toMatch(/USD, list prices of \d{4}-\d\d-\d\d/);
    expect(out.find((line) => line.startsWith('costs: '))).toMatch(/cost\.md and cost\.json$/);
  });

  it('fails, and leaves no stack, where a budget or a recovery point is promised that the settings do not give', () => {
    const thrifty = synth([{ ...aws, promises: { ...aws.promises, monthlyBudget: 100 } }]);
    expect([thrifty.code, thrifty.stacks.size]).toEqual([1, 0]);
    expect(thrifty.errors).toEqual([
      expect.stringMatching(
        /^error: aws-dev\.promises\.monthlyBudget: promised 100 USD a month, settings give \d+ \(got 100; allowed \d+ or more/,
      ),
    ]);
    const rpoMinutes = { postgresZone: 0 };
    const bold = synth([{ ...aws, promises: { ...aws.promises, rpoMinutes } }]);
    expect([bold.code, bold.stacks.size]).toEqual([1, 0]);
    expect(bold.errors).toEqual([
      expect.stringContaining('error: aws-dev.promises.rpoMinutes.postgresZone: promised 0 min, settings give 5'),
    ]);
  });

  it('answers every problem, exits 1 and writes no stack', () => {
    const broken = { ...aws, name: 'x', kms: { ...aws.kms, rotationDays: 1 } };
    const { code, out, errors, stacks } = synth([broken, find('gcp-prod')]);
    expect(code).toBe(1);
    expect(out).toEqual([]);
    expect(stacks.size).toBe(0);
    expect(errors).toEqual([
      expect.stringMatching(/^error: aws-x\.name: 2–8 lower-case letters .* \(got "x"; allowed .*\)$/),
      'error: aws-x.kms.rotationDays: aws does not take it (got 1; allowed 90 to 2560)',
    ]);
  });

  it('warns of what is legal and unwise, and goes on', () => {
    const { code, errors } = synth([find('azure-prod')]);
    expect(code).toBe(0);
    expect(errors).toEqual([
      expect.stringMatching(/^warning: azure-prod\.place\.immutability: /),
      expect.stringMatching(/^warning: azure-prod\.redis\.target: /),
    ]);
  });

  it('emits the constraints of the spec, or the pinned AWS provider, and nothing else differs', () => {
    const spec = stackOf(synth([aws]), 'aws-dev-vault');
    const pinned = stackOf(synth([aws], { awsProviderPin: '5.100.0' }), 'aws-dev-vault');
    const versionOf = (stack: typeof spec) => JSON.stringify(stack.terraform.required_providers);
    expect(versionOf(spec)).toBe('{"aws":{"source":"aws","version":"~> 6.25"}}');
    expect(versionOf(pinned)).toBe('{"aws":{"source":"aws","version":"5.100.0"}}');
    expect(pinned.resource).toEqual(spec.resource);
  });

  it('refuses a pin that no unit was written for', () => {
    const { code, errors } = synth([aws], { awsProviderPin: '4.67.0' });
    expect(code).toBe(1);
    expect(errors.join()).toContain('aws-dev.providers.aws: admits no version that has what is used (got "4.67.0"');
  });
});
