// npm run campaign NAME: attacks one promise in every way there is, prints how many were withstood, writes JSON.
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

/** A campaign returns rows of {attack, tried, passed, control}: a control is a seeded bug, which has to be caught. */
const CAMPAIGNS = {
  tamper: async () => (await import('./tamper.mjs')).campaignTamper,
  crash: async () => (await import('./crash.mjs')).campaignCrash,
  isolation: async () => (await import('./isolation.mjs')).campaignIsolation,
  fuzz: async () => (await import('./fuzz.mjs')).campaignFuzz,
  sequencer: async () => (await import('./sequencer.mjs')).campaignSequencer,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  strict: false,
  options: {
    commits: { type: 'string' },
    kills: { type: 'string' },
    requests: { type: 'string' },
    full: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
  },
});
const unknown = positionals.filter((name) => !(name in CAMPAIGNS));
if (unknown.length > 0) {
  console.error(`no campaign ${unknown.join(', ')}; there are: ${Object.keys(CAMPAIGNS).join(', ')}`);
  process.exit(2);
}
// Whoever stops a campaign stops what it has started.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
let failed = false;
for (const name of positionals.length > 0 ? positionals : Object.keys(CAMPAIGNS)) {
  console.log(`campaign ${name}`);
  const started = performance.now();
  const rows = await (await CAMPAIGNS[name]())(values);
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  console.table(rows);
  const [tried, passed] = ['tried', 'passed'].map((of) => rows.reduce((sum, row) => sum + row[of], 0));
  const blind = rows.filter((row) => row.control === 'not caught');
  failed ||= passed < tried || blind.length > 0;
  console.log(`${name}: ${tried} tried, ${passed} passed, ${seconds} s`);
  for (const { attack } of blind)
    console.log(`the control of "${attack}" was not caught: the campaign proves nothing there`);
  mkdirSync('dist/campaigns', { recursive: true });
  const result = { name, node: process.version, seconds, tried, passed, rows };
  writeFileSync(`dist/campaigns/${name}.json`, `${JSON.stringify(result, null, 2)}\n`);
}
process.exit(failed ? 1 : 0);
