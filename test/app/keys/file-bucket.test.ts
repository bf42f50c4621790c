import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Bucket, openBucket } from '../../../app/keys/bucket.js';
import { withClaim } from '../../../app/keys/file-claim.js';
import { openBucket as openOperatorBucket } from '../../../operator/clients/bucket.js';
import { transpile } from '../../support/transpile.js';

const SOURCES = [
  ...['bucket-contract', 'file-claim', 'file-bucket', 's3-bucket', 's3-client'],
  ...['cloud-rest', 'cloud-identity', 'crc32c', 'gcs-objects', 'gcs-bucket', 'azure-container', 'azure-bucket'],
];
let folder: string;
let root: string;
let bucket: Bucket;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'memplane-bucket-'));
  transpile(
    join(folder, 'app'),
    SOURCES.map((name) => `app/keys/${name}.ts`),
  );
  transpile(
    join(folder, 'operator'),
    SOURCES.map((name) => `operator/clients/${name}.ts`),
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => {
  root = mkdtempSync(join(folder, 'bucket-'));
  bucket = openBucket(pathToFileURL(root).href);
});

const code = (code: string) => expect.objectContaining({ code });
const text = async (name: string): Promise<string | undefined> => (await bucket.get(name))?.bytes.toString();
const put = (name: string, value: string, over?: string) =>
  bucket.put(name, Buffer.from(value), over === undefined ? { ifNoneMatch: '*' } : { ifMatch: over });

describe('a folder as a bucket', () => {
  it('gives back what was put, with the ETag that the put told', async () => {
    const { etag } = await put('keys/mem-acme/x.json', 'one');
    expect(await bucket.get('keys/mem-acme/x.json')).toEqual({ bytes: Buffer.from('one'), etag });
    const changed = await put('keys/mem-acme/x.json', 'two', etag);
    expect(changed.etag).not.toBe(etag);
    expect(await text('keys/mem-acme/x.json')).toBe('two');
  });

  it('puts only what the condition allows', async () => {
    const { etag } = await put('x', 'one');
    await put('x', 'two', etag);
    await expect(put('x', 'three')).rejects.toThrow(code('PreconditionFailed'));
    await expect(put('x', 'three', etag)).rejects.toThrow(code('PreconditionFailed'));
    await expect(put('absent', 'three', etag)).rejects.toThrow(code('PreconditionFailed'));
    expect(await text('x')).toBe('two');
    expect(await text('absent')).toBeUndefined();
  });

  it('lists by prefix and deletes, which may be repeated', async () => {
    for (const name of ['keys/a/1', 'keys/a/10', 'keys/ab/2', 'keys/b']) await put(name, name);
    expect(await bucket.list('keys/a')).toEqual(['keys/a/1', 'keys/a/10', 'keys/ab/2']);
    expect(await bucket.list('keys/a/')).toEqual(['keys/a/1', 'keys/a/10']);
    expect(await bucket.list('')).toHaveLength(4);
    expect(await bucket.list('nothing/')).toEqual([]);
    for (const name of ['keys/a/1', 'keys/a/10', 'keys/a/10', 'keys/never']) await bucket.delete(name);
    expect(await bucket.list('keys/')).toEqual(['keys/ab/2', 'keys/b']);
    expect(readdirSync(join(root, 'keys'))).not.toContain('a');
  });

  it.each([
    '',
    '..',
    '../x',
    'a/../b',
    '/etc/passwd',
    'a//b',
    'a/',
    '.hidden',
    'a/.b',
    'a\0b',
    'a b',
    'ä',
    'a\\b',
    'x'.repeat(513),
  ])('refuses the name %j', async (name) => {
    await expect(bucket.get(name)).rejects.toThrow(code('BucketNameRefused'));
    await expect(put(name, 'x')).rejects.toThrow(code('BucketNameRefused'));
    await expect(bucket.delete(name)).rejects.toThrow(code('BucketNameRefused'));
  });

  it('takes a folder for no object, and an object for no folder', async () => {
    await put('a/b', 'x');
    expect(await text('a')).toBeUndefined();
    expect(await text('a/b/c')).toBeUndefined();
    await expect(put('a/b/c', 'x')).rejects.toThrow(code('BucketUnavailable'));
  });

  it('leaves files to their owner only', async () => {
    await put('a/b', 'x');
    expect(statSync(join(root, 'a/b')).mode & 0o777).toBe(0o600);
    expect(statSync(join(root, 'a')).mode & 0o777).toBe(0o700);
  });

  it.each(['', '/dir', 'file://host/dir', 'bucket', 'gcs://bucket', 'gs://bucket/folder', 'azure://container'])(
    'refuses %j, which is no bucket',
    (url) => {
      for (const open of [openBucket, openOperatorBucket]) expect(() => open(url)).toThrow(code('BucketUnavailable'));
    },
  );
});

/** Adds one to a number in an object, many times, reading before each put, the first time together with all others; prints how often it lost. */
const ADDER = `
const [folder, url, times] = process.argv.slice(2);
const { FileBucket } = await import(folder + '/file-bucket.js');
const { once } = await import('node:events');
const bucket = new FileBucket(url);
let first = { found: await bucket.get('n/counter') };
console.log('read');
await once(process.stdin, 'data');
process.stdin.destroy();
let lost = 0;
for (let done = 0; done < Number(times); ) {
  const { found } = first ?? { found: await bucket.get('n/counter') };
  first = undefined;
  const next = Buffer.from(String(Number(found?.bytes ?? 0) + 1));
  try {
    await bucket.put('n/counter', next, found === undefined ? { ifNoneMatch: '*' } : { ifMatch: found.etag });
    done += 1;
  } catch (error) {
    if (error.code !== 'PreconditionFailed') throw error;
    lost += 1;
  }
}
console.log(lost);
`;

/** Claims an object, says so, and never lets go. */
const HOLDER = `
const [folder, path] = process.argv.slice(2);
const { withClaim } = await import(folder + '/file-claim.js');
await withClaim(path, async () => {
  console.log('held');
  // Held by a name, or the collector takes the claim's file with the promise.
  await new Promise((letGo) => { globalThis.letGo = letGo; setInterval(() => {}, 1000); });
});
`;

function start(script: string, ...args: readonly string[]): ChildProcess {
  return spawn(process.execPath, ['--input-type=module', '-e', script, 'child', ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}

async function printed(child: ChildProcess): Promise<string> {
  const [chunk] = (await once(child.stdout ?? child, 'data')) as [Buffer];
  return chunk.toString().trim();
}

const claims = (): readonly string[] =>
  readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('.claim.'));

describe('between processes', () => {
  it('no update is lost, whichever of service and operator makes it', async () => {
    const children = ['app', 'operator', 'app', 'operator'].map((side) =>
      start(ADDER, join(folder, side), pathToFileURL(root).href, '25'),
    );
    expect(await Promise.all(children.map(printed))).toEqual(children.map(() => 'read'));
    const counted = children.map(printed);
    for (const child of children) child.stdin?.write('go');
    const lost = await Promise.all(counted);
    expect(await text('n/counter')).toBe('100');
    // Of four that have read the same, three lose.
    expect(lost.map(Number).reduce((sum, one) => sum + one)).toBeGreaterThanOrEqual(3);
    expect(claims()).toEqual([]);
  }, 90_000);

  it.each(['app', 'operator'])('a claim whose process (%s) was killed holds nobody up', async (side) => {
    const { etag } = await put('x', 'one');
    const holder = start(HOLDER, join(folder, side), join(root, 'x'));
    expect(await printed(holder)).toBe('held');
    const ended = once(holder, 'exit');
    holder.kill('SIGKILL');
    await ended;
    expect(claims()).toHaveLength(1);
    await put('x', 'two', etag);
    expect(await text('x')).toBe('two');
    expect(claims()).toEqual([]);
  });

  it('a claim whose process lives is respected, and who waits too long learns whom for', async () => {
    const holder = start(HOLDER, join(folder, 'app'), join(root, 'x'));
    const waiting = () => withClaim(join(root, 'x'), (claim) => claim.commit(Buffer.from('two')), 300);
    try {
      expect(await printed(holder)).toBe('held');
      await expect(waiting()).rejects.toThrow(new RegExp(`claimed by another process.*-${holder.pid}-`));
      expect(await text('x')).toBeUndefined();
      expect(claims()).toHaveLength(1);
    } finally {
      const ended = once(holder, 'exit');
      holder.kill('SIGKILL');
      await ended;
    }
    await waiting();
    expect(await text('x')).toBe('two');
  });

  it('a claim of a later process with the same id, and an old one from another container, are dead', async () => {
    const own = readFileSync(`/proc/${process.pid}/stat`, 'latin1').split(') ')[1]?.split(' ')[19];
    const namespace = readlinkSync('/proc/self/ns/pid').replace(/\D/g, '');
    mkdirSync(join(root, 'k'));
    const claim = (who: string): string => join(root, 'k', `.x.claim.${who}-0123456789abcdef`);
    writeFileSync(claim(`${namespace}-${process.pid}-${Number(own) - 1}`), '');
    writeFileSync(claim('1-1-1'), 'never committed');
    const longAgo = new Date(Date.now() - 60_000);
    utimesSync(claim('1-1-1'), longAgo, longAgo);
    expect(await bucket.list('k/')).toEqual([]);
    expect(claims()).toEqual([]);
  });
});

describe('service and operator agree', () => {
  it.each(SOURCES)('%s is the same file on both sides', (name) => {
    expect(readFileSync(`operator/clients/${name}.ts`, 'utf8')).toBe(readFileSync(`app/keys/${name}.ts`, 'utf8'));
  });

  it('each reads what the other put', async () => {
    const other = openOperatorBucket(pathToFileURL(root).href);
    const { etag } = await put('a/b', 'by the service');
    expect(await other.get('a/b')).toEqual({ bytes: Buffer.from('by the service'), etag });
    await other.put('a/b', Buffer.from('by the operator'), { ifMatch: etag });
    expect(await text('a/b')).toBe('by the operator');
  });
});
