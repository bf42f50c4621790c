// npm run twin -- COMMAND…: runs a command with Terraform's providers for AWS, Google Cloud and Azure replaced by
// twins on the loopback interface. See docs/guides/clouds.md.
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

const { launch } = await import(pathToFileURL(join(scripts, 'launch.js')).href);
process.exitCode = await launch(process.argv.slice(2), home);
