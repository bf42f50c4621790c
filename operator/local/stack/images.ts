import { fileURLToPath } from 'node:url';
import type { ImageTable } from '../node/images.js';

/** `dist/`, from where this file runs once it is built. */
const DIST = new URL('../../../', import.meta.url);

const entry = (path: string): string => fileURLToPath(new URL(path, DIST));

/** A pod of a laptop is nobody else's business: without a network of its own it would listen on all of the laptop's. */
const LOOPBACK = { LISTEN_ADDRESS: '127.0.0.1' };

/** What stands for our images on a machine without containers: the same entry points, run by this Node. */
export const localImages = (dist: string | undefined = undefined): ImageTable => {
  const root = dist === undefined ? entry : (path: string) => `${dist}/${path}`;
  return {
    'memplane/memplane': { argv: [process.execPath, root('app/main.js')], env: LOOPBACK },
    'memplane/operator': { argv: [process.execPath, root('operator/main.js')], env: LOOPBACK },
  };
};
