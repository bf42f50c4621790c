import { readdirSync, readFileSync } from 'node:fs';
import { PERMISSIONS } from '../../../app/access/permissions.js';
import { FEED_TYPES, typeTrouble } from '../../../app/events/types.js';

const sources = readdirSync('app', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => `app/${path}`)
  .filter((path) => !/generated|events\/types|mem0\/hooks/.test(path))
  .map((path) => readFileSync(path, 'utf8'))
  .join('\n');
const kinds = Object.keys(FEED_TYPES).join('|');
/** Written down, and told to nobody but auditors; and what is no event at all. */
const UNTOLD = new Set(['memory.read', 'memory.write', 'data.dropped', ...PERMISSIONS]);

const recorded = new Set([
  ...[...sources.matchAll(new RegExp(`'((?:${kinds})\\.[a-z_]{5,})'`, 'g'))].map(([, type = '']) => type),
  ...[...sources.matchAll(/recordWritten\([^;]*?'([a-z]+)'/g)].map(([, code]) => `memory.${code}`),
  ...[...sources.matchAll(/\.\.\.buildEntry\([^;]*?code: '([a-z]+)'/g)].map(([, code]) => `memory.${code}`),
  ...[...sources.matchAll(/status: STATUS_[A-Z]+, event: '([a-z]+)'/g)].map(([, event]) => `data.${event}`),
]);

it('the list of types is what the service records, no more and no less', () => {
  const listed = Object.entries(FEED_TYPES).flatMap(([kind, names]) => names.map((name) => `${kind}.${name}`));
  expect([...recorded].filter((type) => !UNTOLD.has(type)).sort()).toEqual(listed.sort());
});

it('the guide names each of them', () => {
  const guide = readFileSync('docs/guides/events.md', 'utf8');
  for (const [kind, names] of Object.entries(FEED_TYPES))
    for (const name of names) expect(guide).toMatch(new RegExp(`\`${kind}\`[^\n]*\`${name}\``));
});

it('a type that never comes is refused with those that do', () => {
  for (const right of ['*', 'memory.*', 'memory.created', 'backup.*', 'data.expire'])
    expect([right, typeTrouble(right)]).toEqual([right, undefined]);
  expect(typeTrouble('memory.create')).toContain('memory.created');
  for (const wrong of ['memory', 'memory.', 'weather.changed', 'constructor.*', '', '*.created', 'data.created'])
    expect(typeTrouble(wrong)).toContain('no type of event');
});
