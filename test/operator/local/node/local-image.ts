import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ImageTable } from '../../../../operator/local/node/images.js';

/** A program for tests, told by its arguments what to be. It stands where a container image would. */
const PROGRAM = `
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';

const [role = 'serve', ...args] = process.argv.slice(2);
let ready = true;
let live = true;
const answers = {
  '/ready': () => [ready ? 200 : 503, 'ready'],
  '/live': () => [live ? 200 : 500, 'live'],
  '/env': () => [200, JSON.stringify(process.env)],
  '/argv': () => [200, JSON.stringify(process.argv.slice(2))],
  '/pid': () => [200, String(process.pid)],
  '/name': () => [200, process.env.POD_NAME ?? ''],
  '/unready': () => { ready = false; return [200, 'ok']; },
  '/die': () => { live = false; return [200, 'ok']; },
};
const serve = () => createServer((request, response) => {
  const url = new URL(request.url, 'http://pod');
  if (url.pathname === '/exit') process.exit(Number(url.searchParams.get('code')));
  if (url.pathname === '/file') {
    const path = url.searchParams.get('path');
    response.end(existsSync(path) ? readFileSync(path, 'utf8') : '(none)');
    return;
  }
  if (url.pathname === '/say') { console.log(url.searchParams.get('text')); response.end('ok'); return; }
  if (url.pathname === '/echo') { request.pipe(response); return; }
  if (url.pathname === '/slow') { setTimeout(() => response.end('slow'), Number(url.searchParams.get('ms'))); return; }
  if (url.pathname === '/hold') { response.write('held'); return; }
  if (url.pathname === '/headers') { response.end(JSON.stringify(request.headers)); return; }
  const [status, body] = answers[url.pathname]?.() ?? [404, 'no such path'];
  response.writeHead(status).end(body);
}).listen(Number(process.env.PORT), '127.0.0.1', () => console.log('listening on ' + process.env.PORT));

const roles = {
  serve: () => { serve(); process.on('SIGTERM', () => { console.log('bye'); process.exit(0); }); },
  stubborn: () => { serve(); process.on('SIGTERM', () => console.log('no')); },
  family: () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    writeFileSync(args[0], String(child.pid));
    serve();
  },
  exit: () => { console.log('exiting with ' + args[0]); process.exit(Number(args[0])); },
  append: () => appendFileSync(args[0], args[1] + '\\n'),
  hold: () => setInterval(() => {}, 1000),
};
roles[role]();
`;

export interface LocalImage {
  readonly directory: string;
  readonly images: ImageTable;
  remove(): void;
}

export function createLocalImage(): LocalImage {
  const directory = mkdtempSync(join(tmpdir(), 'memplane-image-'));
  const program = join(directory, 'program.mjs');
  writeFileSync(program, PROGRAM);
  return {
    directory,
    images: { 'test/program': [process.execPath, program] },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
