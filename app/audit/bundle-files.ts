import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** A bundle as its verifier sees it. Names are relative, with slashes. */
export interface BundleFiles {
  read(name: string): Buffer | undefined;
  /** Every file below a folder, in no particular order. */
  list(folder: string): readonly string[];
}

export const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory();

export const openFolder = (folder: string): BundleFiles => ({
  read: (name) => {
    const path = join(folder, name);
    return existsSync(path) ? readFileSync(path) : undefined;
  },
  list: (below) => {
    const path = join(folder, below);
    if (!isFolder(path)) return [];
    return readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.partial'))
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'));
  },
});

export const memoryBundle = (files: ReadonlyMap<string, Buffer>): BundleFiles => ({
  read: (name) => files.get(name),
  list: (below) => [...files.keys()].filter((name) => name.startsWith(`${below}/`)),
});
