/** `npm run generate`: writes what is made from the schema into the source tree. Equal schemas give equal bytes. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { generatedFiles } from './generated-files.js';

const root = process.cwd();
for (const { path, text } of generatedFiles()) {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
  console.log(`generated ${path}`);
}
