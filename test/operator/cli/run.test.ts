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
