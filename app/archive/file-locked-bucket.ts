import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BucketError } from '../keys/bucket-contract.js';

/** A folder, for demos and laptops. */
export class FileLockedBucket {
  readonly locks = false;
  readonly #root: string;

  constructor(url: string) {
    this.#root = resolve(fileURLToPath(url));
  }

  async putOnce(name: string, bytes: Uint8Array): Promise<'put' | 'there'> {
    const path = this.#pathOf(name);
    await mkdir(dirname(path), { recursive: true });
    const draft = join(dirname(path), `.${randomUUID()}.partial`);
    await writeFile(draft, bytes, { mode: 0o444 });
    try {
      // Unlike a rename it does not replace what is there.
      await link(draft, path);
      return 'put';
    } catch (cause) {
      if (codeOf(cause) === 'EEXIST') return 'there';
      throw cause;
    } finally {
      await unlink(draft);
    }
  }

  async get(name: string): Promise<Buffer | undefined> {
    return await readFile(this.#pathOf(name)).catch((cause: unknown) => {
      if (codeOf(cause) === 'ENOENT') return undefined;
      throw cause;
    });
  }

  async lockedUntil(): Promise<undefined> {
    return undefined;
  }

  #pathOf(name: string): string {
    const path = resolve(this.#root, name);
    if (path.startsWith(this.#root + sep)) return path;
    throw new BucketError('BucketNameRefused', `${JSON.stringify(name)} leaves the bucket`, 'use a relative name');
  }
}

const codeOf = (cause: unknown): unknown => (cause as { readonly code?: unknown } | null)?.code;
