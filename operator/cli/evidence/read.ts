import type { Input, Terminal } from '../command.js';
import { unusableError, usageError } from '../errors.js';
import { readText } from '../files.js';
import { NoBundle, type OpenBundle, openBundle } from './bundle.js';
import { type EvidenceVerifier, readVerifier } from './keys.js';

/** The key whose signature counts; undefined if none is asked for. */
export async function verifierOf(
  input: Input,
  terminal: Terminal,
): Promise<((origin: string) => EvidenceVerifier) | undefined> {
  const path = input.value('public-key');
  return path === undefined ? undefined : readVerifier(path, await readText(path, terminal));
}

export async function readBundle(
  path: string,
  terminal: Terminal,
  verifier: ((origin: string) => EvidenceVerifier) | undefined,
): Promise<OpenBundle> {
  const text = await readText(path, terminal);
  try {
    return openBundle(text, (origin) => (verifier === undefined ? [] : [verifier(origin)]));
  } catch (error) {
    if (!(error instanceof NoBundle)) throw error;
    throw unusableError(`${path} is no evidence: ${error.message}`, ['"memoryctl infra evidence sign" writes one']);
  }
}

export const demandVerifier = async (input: Input, terminal: Terminal) => {
  const verifier = await verifierOf(input, terminal);
  if (verifier === undefined) {
    throw usageError('--public-key is missing', 'without the key of the one who signs, anybody could have made it');
  }
  return verifier;
};
