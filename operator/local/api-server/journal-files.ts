import { mkdir, readdir, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { KubeObject } from './objects.js';

export interface Restored {
  /** The next write's revision is above this one, and above every one that was ever given out. */
  readonly revision: number;
  readonly generation: number;
  readonly objects: readonly RestoredObject[];
}

export interface RestoredObject {
  readonly resource: string;
  readonly object: KubeObject;
  readonly revision: number;
}

export const journalPath = (directory: string, generation: number): string =>
  join(directory, `journal-${String(generation).padStart(6, '0')}.log`);

export const snapshotPath = (directory: string, generation: number): string =>
  join(directory, `snapshot-${String(generation).padStart(6, '0')}.log`);

const generationOf = (file: string): number => Number(/-(\d+)\.log$/.exec(file)?.[1] ?? -1);

/** The newest whole snapshot, and every log since. */
export async function restoreState(directory: string): Promise<Restored> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const files = (await readdir(directory)).sort();
  const snapshots = files.filter((file) => /^snapshot-\d+\.log$/.test(file));
  const from = snapshots.map(generationOf).at(-1) ?? 0;
  const journals = files.filter((file) => /^journal-\d+\.log$/.test(file) && generationOf(file) >= from);
  const objects = new Map<string, RestoredObject>();
  let revision = 1;
  for (const file of [...snapshots.slice(-1), ...journals]) {
    const path = join(directory, file);
    revision = Math.max(revision, replay(await readWhole(path), objects, path));
  }
  const reserved = files.includes('reserved') ? Number(await readFile(join(directory, 'reserved'), 'utf8')) : 0;
  return {
    revision: Math.max(revision, Number.isSafeInteger(reserved) ? reserved : 0),
    generation: Math.max(from, ...journals.map(generationOf)),
    objects: [...objects.values()],
  };
}

/** A log up to its last whole line: the rest is a write that was cut off, and must not run into the next one. */
async function readWhole(path: string): Promise<string> {
  const bytes = await readFile(path);
  const end = bytes.lastIndexOf(0x0a) + 1;
  if (end < bytes.length) await truncate(path, end);
  return bytes.subarray(0, end).toString('utf8');
}

const checksum = (record: string): string => crc32(record).toString(16).padStart(8, '0');

/** `P` puts the object that `json` is, `D` deletes the one that it names. */
export function journalLine(kind: 'P' | 'D', revision: number, resource: string, json: string): string {
  const record = `${kind} ${revision} ${resource} ${json}`;
  return `${checksum(record)} ${record}\n`;
}

/** Bytes that changed inside a string still parse: only the checksum tells. */
function readLine(line: string) {
  if (checksum(line.slice(9)) !== line.slice(0, 8)) return undefined;
  const [, kind, at, resource = '', body = ''] = /^([PD]) (\d+) (\S*) (.*)$/.exec(line.slice(9)) ?? [];
  return kind === undefined ? undefined : { kind, at, resource, value: JSON.parse(body) as unknown };
}

function replay(text: string, objects: Map<string, RestoredObject>, path: string): number {
  let revision = 0;
  const lines = text.split('\n');
  lines.pop();
  lines.forEach((line, index) => {
    const record = readLine(line);
    if (record === undefined)
      throw new Error(`${path}, line ${index + 1} is not of our log; move the folder away to start empty`);
    const { kind, at, resource, value } = record;
    revision = Math.max(revision, Number(at));
    if (kind === 'P') {
      const object = value as KubeObject;
      objects.set(keyOf(resource, object.metadata.namespace ?? '', object.metadata.name), {
        resource,
        object,
        revision: Number(at),
      });
    } else {
      const [namespace = '', name = ''] = value as readonly string[];
      objects.delete(keyOf(resource, namespace, name));
    }
  });
  return revision;
}

const keyOf = (resource: string, namespace: string, name: string): string => `${resource} ${namespace}/${name}`;
