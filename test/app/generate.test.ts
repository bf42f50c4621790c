import { existsSync, readFileSync } from 'node:fs';
import { CONFIG_SCHEMAS } from '../../app/config.js';
import { buildConfigurationReference } from '../../app/generate.js';

describe('the reference of the configuration', () => {
  it('has a row for every name, and is the same every time', () => {
    const text = buildConfigurationReference();
    for (const schema of Object.values(CONFIG_SCHEMAS))
      for (const name of Object.keys(schema.properties)) expect(text).toContain(`| \`${name}\` |`);
    expect(buildConfigurationReference()).toBe(text);
  });

  it('in the tree is the one that the code gives', () => {
    if (!existsSync('docs/reference/configuration.md'))
      throw new Error('docs/reference/configuration.md is missing: run npm run generate');
    expect(readFileSync('docs/reference/configuration.md', 'utf8')).toBe(buildConfigurationReference());
  });
});
