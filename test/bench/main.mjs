// npm run bench NAME: measures one thing against its yardstick in the same run, prints a table, writes JSON.
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { benchEmbed } from './memory/embed.mjs';
import { benchMemory } from './memory/footprint.mjs';
import { benchHttp } from './memory/http.mjs';
import { benchIngest } from './memory/ingest.mjs';
import { benchSearch } from './memory/search.mjs';
import { benchOperator } from './operator.mjs';
import { benchSynth } from './synth.mjs';

const BENCHES = {
  operator: benchOperator,
  synth: benchSynth,
  ingest: benchIngest,
  search: benchSearch,
  http: benchHttp,
  embed: benchEmbed,
  memory: benchMemory,
};

/** Those that are followed by a value. */
const VALUED = new Set(['--facts', '--sizes', '--only']);
const names = process.argv.slice(2).filter((arg, at, all) => !arg.startsWith('--') && !VALUED.has(all[at - 1]));
const unknown = names.filter((name) => !(name in BENCHES));
if (unknown.length > 0) {
  console.error(`no bench ${unknown.join(', ')}; there are: ${Object.keys(BENCHES).join(', ')}`);
  process.exit(2);
}
/** Of a figure without its conditions nobody knows what it says. */
const machine = () => ({
  node: process.version,
  cpu: `${cpus().length} × ${cpus()[0]?.model.trim()}`,
  load: loadavg().map((value) => Number(value.toFixed(1))),
});

// Servers and workers here hold no process open; what is awaited must not end with it.
setInterval(() => undefined, 60_000);
for (const name of names.length > 0 ? names : Object.keys(BENCHES)) {
  console.log(`bench ${name}`);
  const rows = await BENCHES[name](process.argv.slice(2));
  console.table(rows);
  console.log(
    `load of this machine in the last minute: ${loadavg()[0]?.toFixed(1)} on ${cpus().length} cores; ratios hold, single values only on a quiet one`,
  );
  mkdirSync('dist/bench', { recursive: true });
  writeFileSync(`dist/bench/${name}.json`, `${JSON.stringify({ name, ...machine(), rows }, null, 2)}\n`);
}
// A bench that holds a limit says so by its exit code.
process.exit(process.exitCode ?? 0);
