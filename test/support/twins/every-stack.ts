/** Commands of `cdktf` that take one stack or several. */
const ONE = new Set(['diff', 'plan']);
const MANY = new Set(['deploy', 'apply', 'destroy']);

/** At a time: each stack is a Terraform of its own. */
const AT_ONCE = '4';

export interface WholeRun {
  /** Run first. */
  readonly synth?: readonly string[];
  /** The command for a stack; undefined where one command takes them all. */
  readonly each?: (stack: string) => readonly string[];
  readonly all?: readonly string[];
}

/**
 * `cdktf` refuses to work on an app of several stacks without being told which. In a rehearsal all of them is a fair
 * answer: one after the other where it takes one, the pattern `*` where it takes several. undefined: leave it alone.
 */
export function wholeRun(command: readonly string[]): WholeRun | undefined {
  const at = command[0] === 'npx' ? 1 : 0;
  const [program, verb = '', ...rest] = command.slice(at);
  if (program !== 'cdktf' || rest.some((one) => !one.startsWith('-') || /^-?-h(elp)?$/.test(one))) return undefined;
  const before = command.slice(0, at + 1);
  if (ONE.has(verb)) {
    return {
      ...(rest.includes('--skip-synth') ? {} : { synth: [...before, 'synth'] }),
      each: (stack) => [...before, verb, stack, ...rest.filter((one) => one !== '--skip-synth'), '--skip-synth'],
    };
  }
  if (!MANY.has(verb)) return undefined;
  const parallel = rest.some((one) => one.startsWith('--parallelism')) ? [] : ['--parallelism', AT_ONCE];
  return { all: [...before, verb, '*', ...rest, ...parallel] };
}
