import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MemoryApi } from './memory-api.js';
import { expectStatus, expectThat } from './tour-checks.js';

const MEMORYCTL = fileURLToPath(new URL('../../cli/main.js', import.meta.url));

interface Ended {
  readonly code: number;
  readonly said: string;
}

/** As a person at a shell would: the program, its exit code, what it printed. */
const memoryctl = (args: readonly string[]): Promise<Ended> =>
  new Promise((resolve) => {
    execFile(process.execPath, [MEMORYCTL, ...args], (error, stdout, stderr) => {
      const code = error ? (typeof error.code === 'number' ? error.code : 70) : 0;
      resolve({ code, said: `${stdout}${stderr}`.trim() });
    });
  });

/** The log leaves the service, and is believed for what it is: one flipped bit is found without asking anybody. */
export async function verifyAudit(api: MemoryApi, { url, key }: { readonly url: string; readonly key: string }) {
  const folder = await mkdtemp(join(tmpdir(), 'memplane-tour-'));
  try {
    const { body: head } = expectStatus(await api.call('GET', '/api/v1/audit/head'), 200);
    const bundle = join(folder, 'bundle');
    const [policy, keyFile] = [join(folder, 'policy.json'), join(folder, 'key')];
    const trusted = { v: 1, origin: head.origin, keys: [head.vkey], require: 'signed' };
    await writeFile(policy, JSON.stringify(trusted));
    await writeFile(keyFile, key, { mode: 0o600 });
    const exported = await memoryctl(['audit', 'export', bundle, '--endpoint', url, '--key-file', keyFile]);
    expectThat(exported.code === 0, `memoryctl audit export ended with ${exported.code}: ${exported.said}`);
    const verify = ['audit', 'verify', bundle, '--policy', policy];
    const sound = await memoryctl(verify);
    expectThat(sound.code === 0, `memoryctl audit verify ended with ${sound.code}: ${sound.said}`);
    await flipOneBit(bundle);
    const tampered = await memoryctl(verify);
    expectThat(tampered.code === 1, `a flipped bit ended with ${tampered.code}: ${tampered.said}`);
    return `${String(head.size)} events verified offline; with one bit flipped: exit 1`;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function flipOneBit(bundle: string): Promise<void> {
  const files = await readdir(bundle, { recursive: true });
  const entries = files.filter((file) => file.includes(join('tile', 'entries'))).sort();
  for (const file of entries) {
    const path = join(bundle, file);
    const bytes = await readFile(path).catch(() => undefined);
    if (!bytes || bytes.length === 0) continue;
    const at = Math.floor(bytes.length / 2);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    return writeFile(path, bytes);
  }
  throw new Error(`there are no entries in ${bundle}`);
}
