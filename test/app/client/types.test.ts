import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const CONSUMER = `
import { Memplane, MemplaneError } from 'memplane/client';
import { MemplaneStore } from 'memplane/client/langgraph';
import { memoryMiddleware } from 'memplane/client/ai-sdk';

const client = new Memplane({ url: 'https://memory.acme.example', apiKey: 'mb_', userId: 'ada' });
const memory = await client.addMemory({ content: 'x' });
export const version: number | undefined = memory?.version;
export const store = new MemplaneStore({ url: '', apiKey: '' });
export const middleware = memoryMiddleware({ client, userId: 'ada' });
for await (const { content } of client.listMemoriesAll({ user_id: 'ada' })) console.log(content.toUpperCase());
export const codeOf = (cause: unknown): string => (cause instanceof MemplaneError ? cause.code : '');

// Types that were lost on the way would let these through.
// @ts-expect-error the key is missing
new Memplane({ url: '' });
// @ts-expect-error a version is no text
export const text: string | undefined = memory?.version;
// @ts-expect-error no memory has this
memory?.colour;
`;

const TSCONFIG = {
  compilerOptions: {
    ...{ module: 'nodenext', moduleResolution: 'nodenext', target: 'es2023', lib: ['es2023', 'dom'] },
    // Neither Node's types nor a check that looks away: what is packed must stand by itself.
    ...{ strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, types: [], noEmit: true },
  },
  files: ['consumer.ts'],
};

describe('the packed client', () => {
  const root = mkdtempSync(join(tmpdir(), 'memplane-pack-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  const run = (command: string, args: readonly string[], cwd: string): string =>
    execFileSync(command, [...args], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

  it('brings its types along: an application compiles against them with nothing else installed', () => {
    const folder = join(root, 'node_modules', 'memplane');
    mkdirSync(folder, { recursive: true });
    run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', root], resolve('.'));
    const [archive = ''] = readdirSync(root).filter((name) => name.endsWith('.tgz'));
    run(
      'tar',
      ['-xzf', archive, '--strip-components=1', '-C', folder, 'package/package.json', 'package/dist/app/client'],
      root,
    );
    writeFileSync(join(root, 'package.json'), JSON.stringify({ type: 'module' }));
    writeFileSync(join(root, 'tsconfig.json'), JSON.stringify(TSCONFIG));
    writeFileSync(join(root, 'consumer.ts'), CONSUMER);
    let said = '';
    try {
      run(process.execPath, [resolve('node_modules/typescript/bin/tsc'), '-p', root], root);
    } catch (cause) {
      said = String((cause as { readonly stdout?: unknown }).stdout);
    }
    expect(said).toBe('');
  });
});
