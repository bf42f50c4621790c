// npm run bench NAME: measures one thing against its yardstick in the same run, prints a table, writes JSON.
import { mkdirSync, writeFileSync } from 'node:fs';
import { benchOperator } from './operator.mjs';
import { benchSynth } from './synth.mjs';

const BENCHES = { operator: benchOperator, synth: benchSynth };

const names = process.argv.slice(2).filter((arg) => !arg.startsWith('--'));
const unknown = names.filter((name) => !(name in BENCHES));
if (unknown.length > 0) {
  console.error(`no bench ${unknown.join(', ')}; there are: ${Object.keys(BENCHES).join(', ')}`);
  process.exit(2);
}
for (const name of names.length > 0 ? names : Object.keys(BENCHES)) {
  console.log(`bench ${name}`);
  const rows = await BENCHES[name](process.argv.slice(2));
  console.table(rows);
  mkdirSync('dist/bench', { recursive: true });
  writeFileSync(`dist/bench/${name}.json`, `${JSON.stringify({ name, node: process.version, rows }, null, 2)}\n`);
}
// A bench that holds a limit says so by its exit code.
process.exit(process.exitCode ?? 0);
