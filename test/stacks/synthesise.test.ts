import { find, stackOf, synth } from '../support/stacks.js';

const aws = find('aws-dev');

describe('synth', () => {
  it('prints a line a stack with its resources and time, and a total', () => {
    const { code, out, errors } = synth([aws]);
    expect(code).toBe(0);
    expect(errors).toEqual([]);
    expect(out).toHaveLength(3);
    expect(out[0]).toMatch(/^aws-dev-vault +\d+ resources +\d+\.\d ms$/);
    expect(out[2]).toMatch(/^2 stacks in .*\/stacks, \d+ ms$/);
  });

  it('counts what is in the file', () => {
    const { out, stacks } = synth([aws]);
    const resources = Object.values(stacks.get('aws-dev-plane')?.resource ?? {}).flatMap((one) => Object.keys(one));
    expect(out[1]).toContain(` ${resources.length} resources`);
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
