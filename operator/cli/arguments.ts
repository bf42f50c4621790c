import { nearest } from '../runtime/nearest.js';
import type { Flag, Input, Parameter } from './command.js';
import { usageError } from './errors.js';

/** On every command. */
export const COMMON_FLAGS: readonly Flag[] = [
  { name: 'json', summary: 'print JSON on standard output, and errors as JSON on standard error' },
  { name: 'help', summary: 'print the help of the command' },
];

interface Shape {
  readonly parameters: readonly Parameter[];
  readonly flags: readonly Flag[];
}

/** Flags and parameters in any order; after `--` everything is a parameter, and `-` always is one. */
export function parseArguments(args: readonly string[], shape: Shape): Input {
  const rest = [...args];
  const parameters: string[] = [];
  const values = new Map<string, string[]>();
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--') {
      parameters.push(...rest.splice(0));
    } else if (!arg.startsWith('-') || arg === '-') {
      parameters.push(arg);
    } else {
      const [name, value] = readFlag(arg, rest, shape.flags);
      values.set(name, [...(values.get(name) ?? []), value]);
    }
  }
  checkRepetition(values, shape.flags);
  checkParameters(parameters, shape.parameters);
  return {
    parameters,
    value: (flag) => values.get(flag)?.at(-1),
    values: (flag) => values.get(flag) ?? [],
    isSet: (flag) => values.has(flag),
  };
}

function readFlag(arg: string, rest: string[], flags: readonly Flag[]): readonly [name: string, value: string] {
  const [written = '', ...inline] = (arg === '-h' ? '--help' : arg).split('=');
  const flag = flags.find(({ name }) => written === `--${name}`);
  if (flag === undefined) throw unknownFlag(written, flags);
  if (flag.value === undefined) {
    if (inline.length > 0) throw usageError(`--${flag.name} takes no value (got ${JSON.stringify(inline.join('='))})`);
    return [flag.name, ''];
  }
  const value = inline.length > 0 ? inline.join('=') : rest.shift();
  if (value === undefined || value === '')
    throw usageError(`--${flag.name} needs a value: --${flag.name} ${flag.value}`);
  return [flag.name, value];
}

function unknownFlag(written: string, flags: readonly Flag[]) {
  const known = flags.map(({ name }) => `--${name}`);
  const meant = nearest(written, known);
  return usageError(
    `unknown flag ${written}`,
    meant === undefined ? `there are ${known.join(', ')}` : `did you mean ${meant}?`,
  );
}

function checkRepetition(values: ReadonlyMap<string, readonly string[]>, flags: readonly Flag[]): void {
  for (const { name, value, repeats } of flags) {
    const count = values.get(name)?.length ?? 0;
    if (value !== undefined && repeats === undefined && count > 1) {
      throw usageError(`--${name} is given ${count} times`, 'give it once');
    }
  }
}

function checkParameters(given: readonly string[], shape: readonly Parameter[]): void {
  const missing = shape[given.length];
  if (missing !== undefined && missing.optional === undefined) {
    throw usageError(`${missing.name} is missing: ${missing.summary}`);
  }
  const extra = given[shape.length];
  if (extra !== undefined && shape.at(-1)?.repeats === undefined) {
    throw usageError(`${JSON.stringify(extra)} is one argument too many`, 'put it in quotes if it belongs to another');
  }
}
