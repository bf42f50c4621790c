import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { CliConfig } from '../config.js';
import { unusableError } from '../errors.js';

const run = promisify(execFile);

/** The token of whoever is signed in to the cloud's own command line; it is never printed. */
export const googleToken = async ({ googleToken: given }: CliConfig): Promise<string> =>
  given ??
  (await ask('gcloud', ['auth', 'print-access-token'], 'sign in: gcloud auth login, or set GOOGLE_OAUTH_ACCESS_TOKEN'));

const MANAGEMENT = 'https://management.azure.com';
const AZ = ['account', 'get-access-token', '--resource', MANAGEMENT, '--query', 'accessToken', '--output', 'tsv'];

export const azureToken = async ({ azureToken: given }: CliConfig): Promise<string> =>
  given ?? (await ask('az', AZ, 'sign in: az login, or set AZURE_ACCESS_TOKEN'));

async function ask(program: string, args: readonly string[], remedy: string): Promise<string> {
  try {
    const { stdout } = await run(program, args, { timeout: 60_000 });
    const token = stdout.trim();
    if (token !== '') return token;
  } catch (cause) {
    const { code, stderr = '' } = cause as { readonly code?: string | number; readonly stderr?: string };
    const why = code === 'ENOENT' ? `${program} is not on the PATH` : `${program}: ${stderr.trim().split('\n').at(-1)}`;
    throw unusableError(`there is no token to ask the cloud with: ${why}`, [remedy], cause);
  }
  throw unusableError(`${program} gave no token`, [remedy]);
}
