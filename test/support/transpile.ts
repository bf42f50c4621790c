import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { transformFileSync } from '@swc/core';

/** Puts sources as plain JavaScript into a folder, for child processes that a test starts without a build. */
export function transpile(folder: string, sources: readonly string[]): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  for (const source of sources) {
    const { code } = transformFileSync(source, { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } });
    writeFileSync(join(folder, basename(source).replace(/\.ts$/, '.js')), code);
  }
}
