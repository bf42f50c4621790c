import { COMMANDS } from '../../../operator/cli/commands/index.js';
import { memoryctl } from '../../support/cli.js';

const paths = COMMANDS.map(({ path }) => path.join(' '));

describe('memoryctl', () => {
  it('without a command says what there is, and exits 64', async () => {
    const { code, out, notes } = await memoryctl([]);
    expect([code, out]).toEqual([64, '']);
    for (const path of paths) expect(notes).toContain(path);
  });

  it('with --help says the same and exits 0', async () => {
    for (const ask of ['--help', '-h', 'help']) {
      const { code, out, notes } = await memoryctl([ask]);
      expect([code, notes]).toEqual([0, '']);
      expect(out).toMatch(/^usage: memoryctl COMMAND/);
    }
  });

  it('answers as kubectl memory', async () => {
    expect((await memoryctl(['--help'], { program: 'kubectl memory' })).out).toMatch(/^usage: kubectl memory COMMAND/);
  });

  it('says its version', async () => {
    expect((await memoryctl(['--version'])).out).toBe('1.4.0\n');
    expect(JSON.parse((await memoryctl(['version', '--json'])).out)).toEqual({ version: '1.4.0' });
  });

  it.each(COMMANDS)('$path has a help with its flags, exit codes and an example', async ({ path, summary }) => {
    const { code, out } = await memoryctl([...path, '--help']);
    expect(code).toBe(0);
    expect(out).toContain(summary);
    expect(out).toContain('--json');
    expect(out).toMatch(/exit codes\n {2}0 /);
    expect(out).toContain('examples\n');
    expect(out).toContain('64 ');
  });

  it.each(COMMANDS)('$path refuses an unknown flag with what is near, and exits 64', async ({ path }) => {
    const { code, out, notes } = await memoryctl([...path, '--jsno']);
    expect([code, out]).toEqual([64, '']);
    expect(notes).toContain('unknown flag --jsno\n  did you mean --json?');
  });

  it('tells for the help of the command that was meant, and of all when none was', async () => {
    expect((await memoryctl(['tenant', 'info', '--bogus'])).notes).toMatch(
      /\n"memoryctl tenant info --help" says what it takes$/,
    );
    expect((await memoryctl(['tenant', 'inf'])).notes).toMatch(/\n"memoryctl --help" lists what there is$/);
  });

  it.each([
    [['plan', 'from-outputs'], 'unknown command "plan"\n  did you mean "plane from-outputs"?'],
    [['plane', 'fromoutputs'], 'unknown command "plane fromoutputs"\n  did you mean "plane from-outputs"?'],
    [['plane'], '"plane" alone is not a command\n  there are plane from-outputs'],
    [['xyzzy'], 'unknown command "xyzzy"\n  there are tenant create, '],
    [['tenant', 'lst'], 'did you mean "tenant list"?'],
    [['doctr'], 'did you mean "doctor"?'],
    [['--quiet', 'plane'], '--quiet stands before the command\n  flags of a command come after it'],
    [['plane', 'from-outputs'], 'FILE is missing'],
    [['plane', 'from-outputs', '-', '--name'], '--name needs a value: --name NAME'],
    [['plane', 'from-outputs', '-', '--name='], '--name needs a value: --name NAME'],
    [['plane', 'from-outputs', '-', '--quiet=yes'], '--quiet takes no value (got "yes")'],
    [['plane', 'from-outputs', '-', '--name', 'a', '--name', 'b'], '--name is given 2 times'],
  ])('%j is a mistake that says what is right, and exits 64', async (args, words) => {
    const { code, out, notes } = await memoryctl(args);
    expect([code, out]).toEqual([64, '']);
    expect(notes).toContain(words);
  });

  it.each([
    [['tenant', 'create', 'Bad_Name'], 'at most 50 characters (got "Bad_Name")'],
    [['tenant', 'create', ''], 'metadata.name'],
    [['tenant', 'create', 'acme', '--tier', 'Foo'], 'use Pooled, Dedicated, Isolated'],
    [['tenant', 'create', 'acme', '--size', 'huge'], 'use small, medium, large'],
    [['tenant', 'create', 'acme', '--hostname', 'a b'], 'spec.access.hostnames[0]'],
    [['tenant', 'create', 'acme', '--timeout', 'soon'], '--timeout soon is not a duration'],
    [['tenant', 'info', 'Bad_Name'], '"Bad_Name" is no name of a tenant'],
    [['tenant', 'info', '../memoryplanes/default'], 'is no name of a tenant'],
    [['tenant', 'stats', ''], '"" is no name of a tenant'],
    [['tenant', 'delete', 'a'.repeat(51), '--yes'], 'at most 50'],
    [['tenant', 'delete', 'acme', '--timeout', 'soon'], '--timeout soon is not a duration'],
    [['keys', 'claim', 'Bad_Name', '--out', '-'], '"Bad_Name" is no name of a tenant'],
    [['keys', 'claim', 'acme', '--out', '-', '--endpoint', 'acme'], 'acme is no URL of a tenant'],
    [
      ['audit', 'export', '/nowhere', '--endpoint', 'ftp://acme', '--key-file', '-'],
      'ftp://acme is no URL of a tenant',
    ],
    [['plane', 'from-outputs', '-', '--name', 'Bad_Name'], '--name Bad_Name is no name of an object'],
  ])('%j gives what cannot be, and exits 64 before anything is asked', async (args, words) => {
    const { code, out, notes } = await memoryctl(args, { config: { kubeconfig: '/nowhere' } });
    expect([code, out]).toEqual([64, '']);
    expect(notes).toContain(words);
  });

  it.each([
    [['tenant', 'info', 'acme'], 'cannot read the kubeconfig /nowhere'],
    [['tenant', 'create', 'acme', '--file', '/nowhere'], '/nowhere does not exist'],
    [['tenant', 'create', 'acme', '--file', '-'], 'spec.size'],
    [['audit', 'export', '/nowhere', '--endpoint', 'http://127.0.0.1', '--key-file', '/nowhere'], 'does not exist'],
    [['audit', 'verify', '/nowhere'], 'no policy was given'],
    [['plane', 'from-outputs', '/nowhere'], '/nowhere does not exist'],
    [['infra', 'evidence', 'diff', '/nowhere', '/nowhere'], '/nowhere does not exist'],
  ])('%j needs what is not there, and exits 3', async (args, words) => {
    const { code, out, notes } = await memoryctl(args, { config: { kubeconfig: '/nowhere' }, stdin: 'size: huge' });
    expect([code, out]).toEqual([3, '']);
    expect(notes).toContain(words);
  });

  it('with --json says errors as JSON on standard error', async () => {
    const { code, out, notes } = await memoryctl(['plane', 'from-outputs', '-', '--json'], { stdin: '[]' });
    expect([code, out]).toEqual([3, '']);
    expect(JSON.parse(notes)).toEqual({
      error: { exitCode: 3, message: 'standard input is not an object of outputs', problems: [expect.any(String)] },
    });
  });

  it('takes the common flags before the command as well', async () => {
    expect((await memoryctl(['--json', 'plane', 'from-outputs', '-'], { stdin: '' })).notes).toMatch(/^{"error":/);
  });

  it('calls what nobody foresaw its own mistake, without a trace', async () => {
    const stdin = { toString: 1 } as unknown as string;
    const { code, notes } = await memoryctl(['plane', 'from-outputs', '-'], { stdin });
    expect(code).toBe(70);
    expect(notes).toContain('this is a mistake of memoryctl; please report it');
    expect(notes).not.toMatch(/\n\s+at /);
  });

  it('says 130 when it was interrupted', async () => {
    const stdin = { toString: 1 } as unknown as string;
    expect((await memoryctl(['plane', 'from-outputs', '-'], { stdin, signal: AbortSignal.abort() })).code).toBe(130);
  });
});
