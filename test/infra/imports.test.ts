import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The root of a binding is 10 s and 750 MB; one class of it is a tenth of a second. */
const CDKTF = /from\s+['"]@cdktf\/[^'"]+['"]/g;
const DEEP = /^from\s+['"]@cdktf\/provider-(aws|google|azurerm)\/lib\/[a-z0-9-]+\/index\.js['"]$/;

const files = ['infra', 'stacks'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name)),
);

describe('provider bindings', () => {
  it.each(files)('are imported one class at a time in %s', (file) => {
    const imports = readFileSync(file, 'utf8').match(CDKTF) ?? [];
    expect(imports.filter((one) => !DEEP.test(one))).toEqual([]);
  });

  it('would be caught at the root', () => {
    expect("from '@cdktf/provider-aws'").not.toMatch(DEEP);
    expect("from '@cdktf/provider-aws/lib/s3-bucket'").not.toMatch(DEEP);
    expect("from '@cdktf/provider-aws/lib/s3-bucket/index.js'").toMatch(DEEP);
  });
});
