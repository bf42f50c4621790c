// npm run bench synth: what a synthesis costs beside what it must load. The floor is a process that loads the same
// modules of cdktf and of the providers and does nothing with them; the control loads one provider whole.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';

const RUNS = 3;
const LIMITS = { seconds: 2, megabytes: 350, floors: 1.5 };
/** Prints what the process used, when it ends. */
const METER = `process.on('exit', () => console.error('@' + JSON.stringify(process.resourceUsage())));`;

const modulesIn = (folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.js'))
    .flatMap((file) => [...readFileSync(join(folder, file), 'utf8').matchAll(/from ['"]([^'".][^'"]*)['"]/g)])
    .map(([, name]) => name)
    .filter((name) => /^(cdktf|constructs|@cdktf\/)/.test(name));

function floorProgram() {
  const names = [...new Set([...modulesIn('dist/infra'), ...modulesIn('dist/stacks')])].sort();
  return { names, program: names.map((name) => `import ${JSON.stringify(name)};`).join('\n') };
}

const at = (path) => JSON.stringify(pathToFileURL(path).href);

/** Constructs to JSON and nothing else: the vaults and planes of production. */
const stacksProgram = (outdir) => `
  const { mkdirSync } = await import('node:fs');
  const { App } = await import('cdktf');
  const { buildStack } = await import(${at('dist/stacks/build-stack.js')});
  const { withoutTraces } = await import(${at('dist/stacks/traces.js')});
  const { environments } = await import(${at('dist/stacks/spec/index.js')});
  mkdirSync(${JSON.stringify(outdir)}, { recursive: true });
  const app = new App({ outdir: ${JSON.stringify(outdir)} });
  for (const environment of environments.filter(({ profile }) => profile === 'prod'))
    for (const layer of ['vault', 'plane']) withoutTraces(() => buildStack(app, environment, layer));
  withoutTraces(() => app.synth());
`;

const synthProgram = (filter, outdir) => `
  const { synthesise } = await import(${at('dist/stacks/synthesise.js')});
  const { environments } = await import(${at('dist/stacks/spec/index.js')});
  const given = environments.filter(${filter});
  const code = synthesise(given, {}, { out: () => {}, error: () => {} }, ${JSON.stringify(outdir)});
  process.exitCode = code;
`;

function run(program) {
  const begun = performance.now();
  const { status, stderr } = spawnSync(
    process.execPath,
    [
      '--no-experimental-detect-module',
      '--input-type=module',
      '--import',
      `data:text/javascript,${encodeURIComponent(METER)}`,
      '-e',
      program,
    ],
    { encoding: 'utf8', maxBuffer: 1 << 26 },
  );
  const seconds = (performance.now() - begun) / 1000;
  if (status !== 0) throw new Error(`a measured process ended with ${status}: ${stderr.slice(-500)}`);
  const used = JSON.parse(stderr.slice(stderr.lastIndexOf('@') + 1));
  return { seconds, cpu: (used.userCPUTime + used.systemCPUTime) / 1e6, megabytes: used.maxRSS / 1024 };
}

/** The best of several: whatever else the machine does only ever adds. */
function measure(program, runs = RUNS) {
  const all = Array.from({ length: runs }, () => run(program));
  const least = (name) => Math.min(...all.map((one) => one[name]));
  return { seconds: least('seconds'), cpu: least('cpu'), megabytes: least('megabytes') };
}

function resourcesIn(outdir) {
  return readdirSync(join(outdir, 'stacks')).reduce((sum, name) => {
    const { resource = {} } = JSON.parse(readFileSync(join(outdir, 'stacks', name, 'cdk.tf.json'), 'utf8'));
    return sum + Object.values(resource).reduce((inner, ofType) => inner + Object.keys(ofType).length, 0);
  }, 0);
}

const row = (what, { seconds, cpu, megabytes }, floor, rest = {}) => ({
  measure: what,
  seconds: Number(seconds.toFixed(2)),
  'cpu s': Number(cpu.toFixed(2)),
  MB: Math.round(megabytes),
  'x floor (cpu)': Number((cpu / floor.cpu).toFixed(2)),
  ...rest,
});

export async function benchSynth() {
  const folder = mkdtempSync(join(tmpdir(), 'memplane-bench-synth-'));
  try {
    const { names, program } = floorProgram();
    const floor = measure(program);
    const stacks = measure(stacksProgram(join(folder, 'stacks')));
    const production = measure(synthProgram(`({ profile }) => profile === 'prod'`, join(folder, 'prod')));
    const everything = measure(synthProgram('() => true', join(folder, 'all')));
    // The root of a binding is what a deep import avoids: it must not fit, or the limits would say nothing.
    const control = measure(`import '@cdktf/provider-aws';`, 1);
    // On a busy machine the clock counts others' work as well; what the process itself used is then the smaller number.
    const fits = ({ seconds, cpu, megabytes }) =>
      Math.min(seconds, cpu) < LIMITS.seconds &&
      megabytes < LIMITS.megabytes &&
      Math.min(seconds / floor.seconds, cpu / floor.cpu) <= LIMITS.floors;
    const limit = `< ${LIMITS.seconds} s, < ${LIMITS.megabytes} MB, <= ${LIMITS.floors} x`;
    const held = fits(stacks);
    if (!held || fits(control)) process.exitCode = 1;
    const resources = resourcesIn(join(folder, 'stacks'));
    return [
      row(`floor: node and ${names.length} modules, loaded and unused`, floor, floor),
      row(`vaults and planes of three clouds, ${resources} resources`, stacks, floor, { limit, held }),
      row('production with bootstrap, proofs, costs and reports', production, floor),
      row('the same of dev and production: npm run synth', everything, floor),
      row('control: one provider whole', control, floor, { limit, held: fits(control) }),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
