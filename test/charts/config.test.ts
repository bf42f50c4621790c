import { ConfigError, readConfig } from '../../charts/config.js';

describe('settings of the charts', () => {
  it('have defaults: two operators, one of which leads', () => {
    expect(readConfig('1.4.0', {})).toEqual({
      image: 'memplane/operator',
      version: '1.4.0',
      replicas: 2,
      logLevel: 'info',
    });
  });

  it('are taken from the environment', () => {
    const env = {
      MEMPLANE_OPERATOR_IMAGE: 'registry.example.com/memplane/operator',
      MEMPLANE_VERSION: 'v2',
      MEMPLANE_OPERATOR_REPLICAS: '3',
      MEMPLANE_LOG_LEVEL: 'debug',
    };
    expect(readConfig('1.4.0', env)).toEqual({
      image: 'registry.example.com/memplane/operator',
      version: 'v2',
      replicas: 3,
      logLevel: 'debug',
    });
  });

  it('name every problem at once, with key, value and what is allowed', () => {
    const env = { MEMPLANE_OPERATOR_REPLICAS: '0', MEMPLANE_LOG_LEVEL: 'loud', MEMPLANE_OPERATOR_IMAGE: 'No Image' };
    const read = () => readConfig('1.4.0', env);
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(/MEMPLANE_OPERATOR_REPLICAS is "0": give a whole number from 1 to 5/);
    expect(read).toThrow(/MEMPLANE_LOG_LEVEL is "loud": give one of debug, info, warn, error/);
    expect(read).toThrow(/MEMPLANE_OPERATOR_IMAGE is "No Image"/);
  });
});
