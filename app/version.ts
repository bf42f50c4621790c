import { createRequire } from 'node:module';

/** The package's version, found from the sources and from what is built of them alike. */
const readVersion = (): string => {
  const load = createRequire(import.meta.url);
  for (const path of ['../package.json', '../../package.json']) {
    try {
      return (load(path) as { readonly version: string }).version;
    } catch {
      // Built files lie one folder deeper.
    }
  }
  return '0.0.0';
};

export const VERSION = readVersion();
