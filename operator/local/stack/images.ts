import { fileURLToPath } from 'node:url';
import type { ImageTable } from '../node/images.js';

/** `dist/`, from where this file runs once it is built. */
const DIST = new URL('../../../', import.meta.url);

const entry = (path: string): string => fileURLToPath(new URL(path, DIST));

/** What stands for our images on a machine without containers: the same entry points, run by this Node. */
export const localImages = (dist: string | undefined = undefined): ImageTable => {
  const root = dist === undefined ? entry : (path: string) => `${dist}/${path}`;
  return {
    'memplane/memplane': [process.execPath, root('app/main.js')],
    'memplane/operator': [process.execPath, root('operator/main.js')],
  };
};
