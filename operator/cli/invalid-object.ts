import { describeFieldError, type FieldError } from '../api/v1alpha1/field-error.js';
import { CliError } from './errors.js';
import { EXIT } from './exit-codes.js';

/** Where flags and arguments gave all of what is refused, the command line is wrong; else what was read is, too. */
export function refuseObject(message: string, errors: readonly FieldError[], given: readonly string[]): CliError {
  const isGiven = errors.every(({ path }) => given.some((prefix) => path.startsWith(prefix)));
  return new CliError(isGiven ? EXIT.usage : EXIT.unusable, message, errors.map(describeFieldError));
}
