import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/**
 * What programs that are no tests (campaigns, benches) import from the build and the source does not export: nothing runs
 * them at each change, so they would break unseen.
 */
export function missingExports(program: string, text: string): readonly string[] {
  const named = /\{([^{}]*)\}\s*(?:from\s*|=\s*await\s+import\(|=\s*await\s+(built)\()'([^']+\.js)'/g;
  return [...text.matchAll(named)].flatMap(([, names = '', built, from = '']) => {
    const target = built ? `app/${from}` : normalize(join(dirname(program), from));
    if (!built && !target.startsWith('dist/')) return [];
    const source = target.replace(/^dist\//, '').replace(/\.js$/, '.ts');
    if (!existsSync(source)) return [`${program}: ${source} is not there`];
    const exported = readFileSync(source, 'utf8');
    return names
      .split(',')
      .map((name) => name.trim().split(/ as |:/)[0] ?? '')
      .filter((name) => name !== '' && !isExported(exported, name))
      .map((name) => `${program}: ${source} exports no ${name}`);
  });
}

const isExported = (text: string, name: string): boolean =>
  new RegExp(`export (?:async )?(?:const|let|class|function\\*?) ${name}\\b`).test(text) ||
  new RegExp(`export \\{[^}]*\\b${name}\\b`).test(text) ||
  /export \* from/.test(text);
