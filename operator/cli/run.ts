import { nearest } from '../runtime/nearest.js';
import { COMMON_FLAGS, parseArguments } from './arguments.js';
import type { CommandEntry, Terminal } from './command.js';
import { CliError, usageError } from './errors.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { explainFailure } from './failure.js';
import { helpOfAll, helpOfOne } from './help.js';

export interface Surroundings extends Omit<Terminal, 'json'> {
  /** `memoryctl`, or `kubectl memory` when kubectl called. */
  readonly program: string;
  readonly commands: readonly CommandEntry[];
}

/** One command line from its words to its exit code. Throws nothing. */
export async function runCommandLine(args: readonly string[], around: Surroundings): Promise<ExitCode> {
  const json = args.includes('--json');
  try {
    return await dispatch(args, around, json);
  } catch (error) {
    const failure = around.signal.aborted ? new CliError(EXIT.interrupted, 'interrupted') : explainFailure(error);
    around.note(json ? failureAsJson(failure) : failureAsText(failure, helpFor(args, around)));
    return failure.exitCode;
  }
}

async function dispatch(args: readonly string[], around: Surroundings, json: boolean): Promise<ExitCode> {
  const { program, version, commands, out } = around;
  const words = wordsOf(args);
  if (words[0] === 'version' || words[0] === '--version') {
    out(json ? `${JSON.stringify({ version })}\n` : `${version}\n`);
    return EXIT.ok;
  }
  if (words.length === 0 || words[0] === 'help') return await showHelp(words.slice(1), args, around);
  const entry = findCommand(commands, words);
  const command = await entry.load();
  if (args.includes('--help') || args.includes('-h')) {
    out(helpOfOne(program, entry, { ...command, flags: [...command.flags, ...COMMON_FLAGS] }));
    return EXIT.ok;
  }
  const rest = withoutPath(args, entry.path);
  const input = parseArguments(rest, { ...command, flags: [...command.flags, ...COMMON_FLAGS] });
  return await command.run(input, { ...around, json });
}

const wordsOf = (args: readonly string[]): readonly string[] =>
  args.filter((arg) => !COMMON_FLAGS.some(({ name }) => arg === `--${name}`) && arg !== '-h');

/** Without a command the help is the answer to a mistake, unless it was asked for. */
async function showHelp(words: readonly string[], args: readonly string[], around: Surroundings): Promise<ExitCode> {
  const { program, commands, out, note } = around;
  if (words.length > 0) {
    const entry = findCommand(commands, words);
    const command = await entry.load();
    out(helpOfOne(program, entry, { ...command, flags: [...command.flags, ...COMMON_FLAGS] }));
    return EXIT.ok;
  }
  const asked = args.some((arg) => arg === 'help' || arg === '--help' || arg === '-h');
  const text = helpOfAll(program, commands);
  if (asked) out(text);
  else note(text.trimEnd());
  return asked ? EXIT.ok : EXIT.usage;
}

const startsWith = (words: readonly string[], path: readonly string[]): boolean =>
  path.every((word, index) => words[index] === word);

export function findCommand(commands: readonly CommandEntry[], words: readonly string[]): CommandEntry {
  const found = commands.find(({ path }) => startsWith(words, path));
  if (found !== undefined) return found;
  const [noun = '', verb] = words;
  if (noun.startsWith('-')) throw usageError(`${noun} stands before the command`, 'flags of a command come after it');
  const siblings = commands.filter(({ path }) => path[0] === noun);
  const known = (siblings.length > 0 ? siblings : commands).map(({ path }) => path.join(' '));
  if (siblings.length > 0 && (verb === undefined || verb.startsWith('-'))) {
    throw usageError(`"${noun}" alone is not a command`, `there are ${known.join(', ')}`);
  }
  const given = siblings.length > 0 ? `${noun} ${verb}` : noun;
  const meant = nearest(words.slice(0, 2).join(' '), known) ?? nearest(given, known);
  const all = `there are ${known.join(', ')}`;
  throw usageError(`unknown command "${given}"`, meant === undefined ? all : `did you mean "${meant}"? (${all})`);
}

/** Common flags may stand before the command, so its words are taken out where they are. */
function withoutPath(args: readonly string[], path: readonly string[]): readonly string[] {
  let next = 0;
  return args.filter((arg) => {
    if (next >= path.length || arg !== path[next]) return true;
    next += 1;
    return false;
  });
}

/** What to say for the help that helps: of the command, where one was named. */
const helpFor = (args: readonly string[], { program, commands }: Surroundings): string => {
  const entry = commands.find(({ path }) => startsWith(wordsOf(args), path));
  const [call, what] = entry
    ? [[program, ...entry.path].join(' '), 'says what it takes']
    : [program, 'lists what there is'];
  return `"${call} --help" ${what}`;
};

const failureAsText = ({ message, problems, exitCode }: CliError, help: string): string =>
  [`error: ${message}`, ...problems.map((problem) => `  ${problem}`), ...(exitCode === EXIT.usage ? [help] : [])].join(
    '\n',
  );

const failureAsJson = ({ message, problems, exitCode }: CliError): string =>
  JSON.stringify({ error: { exitCode, message, problems } });
