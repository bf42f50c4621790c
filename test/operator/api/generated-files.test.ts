import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { generatedFiles } from '../../../operator/api/generated-files.js';
import { buildCrds } from '../../../operator/api/v1alpha1/crd.js';

const files = generatedFiles();

it.each(files.map(({ path, text }) => ({ path, text })))('$path is what the schema says today', ({ path, text }) => {
  expect(readFileSync(path, 'utf8')).toBe(text);
});

it('nothing else lies beside the generated CRDs', () => {
  const expected = files.map(({ path }) => path).filter((path) => path.startsWith('charts/crds/'));
  expect(
    readdirSync('charts/crds')
      .map((name) => `charts/crds/${name}`)
      .sort(),
  ).toEqual(expected.toSorted());
});

it('the YAML reads back as the objects that were built', () => {
  const written = files.filter(({ path }) => path.endsWith('.yaml')).map(({ text }) => parse(text));
  expect(written).toEqual(JSON.parse(JSON.stringify(buildCrds())));
});

it('generating twice gives the same bytes', () => {
  expect(generatedFiles()).toEqual(files);
});
