import { readFileSync } from 'node:fs';
import { COMMANDS } from '../../../operator/cli/commands/index.js';
import { buildCliReference } from '../../../operator/cli/reference.js';

it('the reference is what the commands say: "npm run generate" writes it', async () => {
  expect(readFileSync('docs/reference/memoryctl.md', 'utf8')).toBe(await buildCliReference(COMMANDS));
});

it('every command is in it, with an example that begins with a command that exists', async () => {
  const text = await buildCliReference(COMMANDS);
  for (const { path, load } of COMMANDS) {
    expect(text).toContain(`## memoryctl ${path.join(' ')}`);
    for (const example of (await load()).examples) expect(example).toContain(`memoryctl ${path.join(' ')}`);
  }
});
