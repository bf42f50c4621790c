import type { Command, CommandEntry, Flag, Parameter } from './command.js';
import { EXIT_MEANINGS } from './exit-codes.js';

const column = (rows: readonly (readonly [string, string])[]): string => {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n');
};

export const helpOfAll = (program: string, table: readonly CommandEntry[]): string => `usage: ${program} COMMAND …

${column(table.map(({ path, summary }) => [path.join(' '), summary]))}

Every command has --json and --help. "${program} COMMAND --help" says what it takes.

exit codes
${column(EXIT_MEANINGS.map(([code, meaning]) => [String(code), meaning]))}
`;

export function helpOfOne(program: string, { path, summary }: CommandEntry, command: Command): string {
  const { parameters, flags, exits = [], examples, about } = command;
  const usage = [program, ...path, ...parameters.map(parameterName), '[flags]'].join(' ');
  const section = (title: string, rows: readonly (readonly [string, string])[]): string =>
    rows.length === 0 ? '' : `\n${title}\n${column(rows)}\n`;
  const codes = EXIT_MEANINGS.map(([code, common]): readonly [string, string] => [
    String(code),
    exits.find(([own]) => own === code)?.[1] ?? common,
  ]);
  return [
    `usage: ${usage}\n\n${summary}. ${about}\n`,
    section(
      'arguments',
      parameters.map((one) => [one.name, one.summary]),
    ),
    section(
      'flags',
      flags.map((flag) => [flagName(flag), flag.summary]),
    ),
    section('exit codes', codes),
    examples.length === 0 ? '' : `\nexamples\n${examples.map((line) => `  ${line}`).join('\n')}\n`,
  ].join('');
}

const parameterName = ({ name, optional, repeats }: Parameter): string => {
  const shown = repeats === undefined ? name : `${name}…`;
  return optional === undefined ? shown : `[${shown}]`;
};

export const flagName = ({ name, value, repeats }: Flag): string =>
  `--${name}${value === undefined ? '' : ` ${value}`}${repeats === undefined ? '' : ' …'}`;
