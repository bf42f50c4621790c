/** `npm run generate`: writes the reference of memoryctl. Equal commands give equal bytes. */
import { writeFile } from 'node:fs/promises';
import { COMMANDS } from './commands/index.js';
import { buildCliReference } from './reference.js';

const PATH = 'docs/reference/memoryctl.md';

await writeFile(PATH, await buildCliReference(COMMANDS));
console.log(`generated ${PATH}`);
