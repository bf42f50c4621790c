import { readConfig } from '../../stacks/config.js';

describe('the configuration of synth', () => {
  it('is empty unless the AWS provider is pinned', () => {
    expect(readConfig({})).toEqual({});
    expect(readConfig({ AWS_PROVIDER_PIN: '5.100.0' })).toEqual({ awsProviderPin: '5.100.0' });
  });

  it('cannot be changed by whoever receives it', () => {
    expect(Object.isFrozen(readConfig({}))).toBe(true);
  });
});
