import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProviderName, Types } from './binding.js';

interface Used {
  readonly resource?: Readonly<Record<string, object>>;
  readonly data?: Readonly<Record<string, object>>;
}

interface State {
  readonly resources?: readonly { readonly mode: string; readonly type: string }[];
}

/** The types that stacks and states in these folders name: a schema of all would cost Terraform seconds a command. */
export function typesIn(folders: readonly string[], provider: ProviderName): Types {
  const resources = new Set<string>();
  const data = new Set<string>();
  const files = folders.filter((folder) => existsSync(folder)).flatMap((folder) => filesIn(folder));
  for (const file of files) {
    const text = readFileSync(file, 'utf8');
    if (text === '') continue;
    if (file.endsWith('.tf.json')) {
      const used = JSON.parse(text) as Used;
      for (const type of Object.keys(used.resource ?? {})) resources.add(type);
      for (const type of Object.keys(used.data ?? {})) data.add(type);
    } else {
      for (const { mode, type } of (JSON.parse(text) as State).resources ?? []) {
        (mode === 'data' ? data : resources).add(type);
      }
    }
  }
  const mine = (types: ReadonlySet<string>) => [...types].filter((type) => type.startsWith(`${provider}_`));
  return { resources: mine(resources), data: mine(data) };
}

const filesIn = (folder: string): readonly string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) return entry.name === '.terraform' ? [] : filesIn(join(folder, entry.name));
    return /\.(tf\.json|tfstate)$/.test(entry.name) ? [join(folder, entry.name)] : [];
  });
