import { createSecretKey, type KeyObject } from 'node:crypto';
import { open } from 'node:fs/promises';
import { KeyError } from './errors.js';

const KEY_BYTES = 32;

/** The key of a file KMS. Read each time: a start needs it once, and a replaced file is noticed. */
export async function readFileKey(path: string): Promise<KeyObject> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw refused(`the key file ${path} cannot be read`, 'make it readable to this user only', error);
  });
  try {
    const { mode, size } = await file.stat();
    if ((mode & 0o077) !== 0) throw refused(`the key file ${path} is open to other users`, `run chmod 600 ${path}`);
    if (size !== KEY_BYTES)
      throw refused(`the key file ${path} has ${size} bytes`, `put ${KEY_BYTES} random bytes there`);
    const bytes = await file.readFile();
    const key = createSecretKey(bytes);
    bytes.fill(0);
    return key;
  } finally {
    await file.close();
  }
}

const refused = (what: string, remedy: string, cause?: unknown): KeyError =>
  new KeyError('KmsRefused', what, remedy, { cause });
