import { ConfigError, readConfig } from '../../operator/config.js';

describe("the operator's settings", () => {
  it('have a default each', () => {
    expect(readConfig({})).toMatchObject({
      namespace: 'memplane-system',
      port: 8080,
      workers: 8,
      leaderElection: true,
    });
  });

  it('are refused all at once, each with its name, its value and what is allowed', () => {
    const read = (): unknown =>
      readConfig({ PORT: 'eighty', WORKERS: '0', LOG_LEVEL: 'loud', LEADER_ELECTION: 'maybe' });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(
      /LOG_LEVEL is "loud".*debug, info.*PORT is "eighty".*0 to 65535.*WORKERS is "0".*1 to 64.*LEADER_ELECTION is "maybe"/s,
    );
  });

  it('cannot be changed by whoever reads them', () => {
    expect(Object.isFrozen(readConfig({}))).toBe(true);
  });
});
