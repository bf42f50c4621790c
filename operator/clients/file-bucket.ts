import { createHash } from 'node:crypto';
import { readdir, readFile, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type Bucket,
  BucketError,
  checkObjectName,
  PreconditionFailed,
  type PutCondition,
  type StoredObject,
} from './bucket-contract.js';
import { isClaim, isDead, isErrno, removeFile, syncFolder, withClaim } from './file-claim.js';

/**
 * A folder of one machine as a bucket: for demos, tests and laptops. The ETag is the SHA-256 of the bytes. Conditional
 * puts hold between processes that see each other's `/proc`; a network file system is no place for it.
 */
export class FileBucket implements Bucket {
  readonly #root: string;

  constructor(url: string) {
    this.#root = folderOf(url);
  }

  async get(name: string): Promise<StoredObject | undefined> {
    const bytes = await readIfThere(this.#path(name));
    return bytes && { bytes, etag: etagOf(bytes) };
  }

  async put(name: string, bytes: Uint8Array, condition: PutCondition): Promise<{ readonly etag: string }> {
    const path = this.#path(name);
    return this.#reporting(name, () =>
      withClaim(path, async (claim) => {
        const found = await readIfThere(path);
        const etag = found && etagOf(found);
        if (etag !== ('ifMatch' in condition ? condition.ifMatch : undefined))
          throw new PreconditionFailed(name, condition);
        await claim.commit(bytes);
        return { etag: etagOf(bytes) };
      }),
    );
  }

  async list(prefix: string): Promise<readonly string[]> {
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    if (folder !== '') checkObjectName(folder.slice(0, -1));
    const names = await namesUnder(this.#root, folder);
    return names.filter((name) => name.startsWith(prefix)).sort();
  }

  async delete(name: string): Promise<void> {
    const path = this.#path(name);
    await this.#reporting(name, () =>
      withClaim(path, async () => {
        await removeFile(path);
        await syncFolder(dirname(path));
      }),
    );
    await removeEmptyFolders(dirname(path), this.#root);
  }

  #path(name: string): string {
    return join(this.#root, checkObjectName(name));
  }

  async #reporting<T>(name: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof BucketError) throw error;
      throw new BucketError(
        'BucketUnavailable',
        `${name} cannot be written in ${this.#root}: ${error instanceof Error ? error.message : String(error)}`,
        'check that the folder exists, is writable by this user and has space',
        { cause: error },
      );
    }
  }
}

const etagOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function folderOf(url: string): string {
  try {
    return fileURLToPath(url);
  } catch (error) {
    throw new BucketError('BucketUnavailable', `${url} names no folder`, 'use file:///absolute/directory', {
      cause: error,
    });
  }
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    // A folder is no object: `a` is absent where `a/b` exists.
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EISDIR')) return undefined;
    throw error;
  }
}

/** Claims are no objects; those of ended processes may hold bytes that were never committed, and go. */
async function namesUnder(root: string, folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  const entries = await readdir(join(root, folder), { withFileTypes: true }).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  });
  for (const entry of entries) {
    const name = `${folder}${entry.name}`;
    if (entry.isDirectory()) found.push(...(await namesUnder(root, `${name}/`)));
    else if (!isClaim(name)) found.push(name);
    else if (await isDead(join(root, name))) await removeFile(join(root, name));
  }
  return found;
}

async function removeEmptyFolders(folder: string, root: string): Promise<void> {
  for (let path = folder; path.startsWith(`${root.replace(/\/$/, '')}/`); path = dirname(path)) {
    try {
      await rmdir(path);
    } catch (error) {
      if (isErrno(error, 'ENOTEMPTY', 'EEXIST', 'ENOENT')) return;
      throw error;
    }
  }
}
