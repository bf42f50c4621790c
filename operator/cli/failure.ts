import { types } from 'node:util';
import { KubeError } from '../clients/kube.js';
import { CliError, unusableError } from './errors.js';
import { EXIT } from './exit-codes.js';

/** Whatever was thrown, as words and an exit code. What nobody foresaw is our mistake and says so, without its trace. */
export function explainFailure(error: unknown): CliError {
  if (error instanceof CliError) return error;
  if (error instanceof KubeError) return explainKubeError(error);
  const message = types.isNativeError(error) || error instanceof Error ? error.message : String(error);
  return new CliError(EXIT.broken, `memoryctl failed: ${message}`, [
    'this is a mistake of memoryctl; please report it',
  ]);
}

function explainKubeError(error: KubeError): CliError {
  if (error.status === 401 || error.status === 403) {
    return unusableError(error.message, ['use an account that may do this: see "kubectl auth can-i --list"'], error);
  }
  if (error.status === 404) {
    return unusableError(
      error.message,
      ['is this the right cluster, and are the resource definitions applied?'],
      error,
    );
  }
  if (error.status === 422 || error.status === 400 || error.status === 409) {
    return new CliError(EXIT.no, error.message, [], error);
  }
  return unusableError(error.message, [], error);
}
