import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { jest } from '@jest/globals';
import {
  answersHttp,
  describePart,
  hasProgram,
  PART_PATHS,
  type PartProcess,
  partExists,
  startPart,
} from '../../support/parts.js';
import { freePort } from '../../support/postgres.js';

jest.setTimeout(900_000);

const root = mkdtempSync(join(tmpdir(), 'memplane-parts-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const python = join(dirname(PART_PATHS.moto), 'python');

/** The parts that later stores stand on give what those stores will need; no code of ours uses them yet. */
describePart('S3 with object lock', partExists('versitygw') && partExists('moto'), () => {
  let gateway: PartProcess;
  let url: string;
  beforeAll(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const [data, versions] = [join(root, 'data'), join(root, 'versions')];
    for (const folder of [data, versions]) mkdirSync(folder);
    const args = ['--port', `127.0.0.1:${port}`, 'posix', '--versioning-dir', versions, data];
    const env = { ...process.env, ROOT_ACCESS_KEY: 'admin', ROOT_SECRET_KEY: 'only-for-this-test' };
    gateway = await startPart(PART_PATHS.versitygw, args, answersHttp(url), { env });
  });
  afterAll(() => gateway.stop());

  it('neither deletes a locked version nor shortens its lock', () => {
    const script = join(process.cwd(), 'test/real/parts/object_lock.py');
    const said = execFileSync(python, [script, url, 'admin', 'only-for-this-test'], { encoding: 'utf8' });
    expect(JSON.parse(said)).toEqual({
      deleteRefused: expect.any(String),
      shorteningRefused: expect.any(String),
      body: 'locked',
    });
  });
});

describePart('KMS of AWS', partExists('moto'), () => {
  let kms: PartProcess;
  let url: string;
  beforeAll(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    kms = await startPart(PART_PATHS.moto, ['-H', '127.0.0.1', '-p', String(port)], answersHttp(url));
  });
  afterAll(() => kms.stop());

  it('makes a key that nobody sees, moves it to another context and refuses the old one', () => {
    const script = join(process.cwd(), 'test/real/parts/key_context.py');
    expect(JSON.parse(execFileSync(python, [script, url], { encoding: 'utf8' }))).toEqual({
      plaintextAtBirth: false,
      wrongContext: 'InvalidCiphertextException',
      bytes: 32,
    });
  });
});

describePart('Redis', hasProgram('redis-server'), () => {
  let redis: PartProcess;
  let port: number;
  beforeAll(async () => {
    port = await freePort();
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', root];
    redis = await startPart('redis-server', args, async () => (await say(port, 'PING')) === '+PONG');
  });
  afterAll(() => redis.stop());

  it('keeps a user to the keys of its prefix', async () => {
    expect(await say(port, 'ACL SETUSER acme on >secret ~mem-acme:* +get +set')).toBe('+OK');
    expect(await say(port, 'AUTH acme secret', 'SET mem-acme:a 1')).toBe('+OK');
    expect(await say(port, 'AUTH acme secret', 'GET mem-globex:a')).toMatch(/^-NOPERM/);
  });
});

/** Sends commands one after the other; the last answer. */
function say(port: number, ...commands: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let answers = '';
    socket.on('error', reject);
    socket.on('data', (chunk: Buffer) => {
      answers += chunk.toString();
      const lines = answers.split('\r\n').filter((line) => line !== '');
      if (lines.length < commands.length) return;
      socket.end();
      resolve(lines.at(-1) ?? '');
    });
    socket.write(commands.map((command) => `${command}\r\n`).join(''));
  });
}
