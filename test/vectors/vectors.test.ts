import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildVectors } from './build.js';

const FILES = ['audit', 'block', 'hashes', 'jcs', 'keyring', 'kms', 'pseudonym', 'rowmac', 'sealed', 'tokens'];
const path = (name: string): string => join('test/vectors', `${name}.json`);

describe('the published vectors are what the independent implementation makes', () => {
  let built: Readonly<Record<string, unknown>> = {};
  beforeAll(async () => {
    built = await buildVectors();
    // To publish a new vector: MEMPLANE_WRITE_VECTORS=1 npm run jest -- test/vectors
    if (process.env.MEMPLANE_WRITE_VECTORS !== '1') return;
    for (const [name, value] of Object.entries(built)) writeFileSync(path(name), `${JSON.stringify(value, null, 2)}\n`);
  });

  it('has a file for every format', () => {
    expect(Object.keys(built).sort()).toEqual(FILES);
  });

  it.each(FILES)('%s.json', (name) => {
    expect(JSON.parse(readFileSync(path(name), 'utf8'))).toEqual(built[name]);
  });
});
