import { readConfig } from '../../stacks/config.js';

describe('the configuration of synth', () => {
  it('is empty unless the AWS provider is pinned, or cdktf says where the stacks go', () => {
    expect(readConfig({})).toEqual({});
    expect(readConfig({ CDKTF_OUTDIR: 'out' })).toEqual({ outdir: 'out' });
    expect(readConfig({ AWS_PROVIDER_PIN: '5.100.0' })).toEqual({ awsProviderPin: '5.100.0' });
  });

  it('cannot be changed by whoever receives it', () => {
    expect(Object.isFrozen(readConfig({}))).toBe(true);
  });
});
