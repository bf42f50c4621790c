import { join } from 'node:path';
import { readDemoConfig, UsageError } from '../../../../operator/local/demo/config.js';

describe('settings of the demo', () => {
  it('keep the state in .memplane and use the embedded cluster unless told otherwise', () => {
    expect(readDemoConfig([], {})).toEqual({
      check: false,
      fresh: false,
      json: false,
      help: false,
      folder: join(process.cwd(), '.memplane'),
      kubeconfig: undefined,
    });
    expect(readDemoConfig([], { MEMPLANE_STATE: '', MEMPLANE_KUBECONFIG: '' })).toEqual(readDemoConfig([], {}));
  });

  it.each([['--kubeconfig', '/a b/config'], ['--kubeconfig=/a b/config']])(
    'take the cluster from the arguments before the environment: %s',
    (...args) => {
      const { kubeconfig } = readDemoConfig(args, { MEMPLANE_KUBECONFIG: '/other' });
      expect(kubeconfig).toBe('/a b/config');
    },
  );

  it.each([['--chek'], ['check'], ['-check'], ['--check=yes'], ['--kubeconfig']])(
    'refuse %s and show the usage',
    (arg) => {
      expect(() => readDemoConfig(['--json', arg], {})).toThrow(UsageError);
      expect(() => readDemoConfig([arg], {})).toThrow(/^[^\n]*--?\w|check[^\n]*\n\nusage: npm run demo/);
    },
  );
});
