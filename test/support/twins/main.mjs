// npm run twin -- COMMAND…: runs a command with Terraform's providers for AWS, Google Cloud and Azure replaced by
// twins on the loopback interface. npm run plan:offline: what an apply would do. See docs/guides/clouds.md.
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { transformFileSync } from '@swc/core';

const sources = dirname(fileURLToPath(import.meta.url));
const home = join(dirname(dirname(dirname(sources))), '.memplane', 'twins');
const scripts = join(home, 'js');

mkdirSync(scripts, { recursive: true });
writeFileSync(join(scripts, 'package.json'), '{"type":"module"}\n');
for (const file of readdirSync(sources)) {
  const { code } = file.endsWith('.ts')
    ? transformFileSync(join(sources, file), { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } })
    : {};
  if (code !== undefined) writeFileSync(join(scripts, file.replace(/\.ts$/, '.js')), code);
  else if (file.endsWith('.proto')) copyFileSync(join(sources, file), join(scripts, file));
}

const load = (name) => import(pathToFileURL(join(scripts, name)).href);
const [first, ...rest] = process.argv.slice(2);
process.exitCode =
  first === '--plan-offline'
    ? await (await load('plan-offline.js')).planOffline(rest, home)
    : await (await load('launch.js')).launch(process.argv.slice(2), home);
