// R11: who must not see what, in every cell there is; the same under many at once; and with each guard taken out once.
import { runMatrix } from './isolation-matrix.mjs';
import { runMutants, suspend } from './isolation-mutants.mjs';
import { runFlood, runInterleaved } from './isolation-traffic.mjs';
import { endTenant, seedOwner, startTenant } from './isolation-world.mjs';
import { createProgress, startCluster } from './lab.mjs';

const REQUESTS = { brief: '20000', full: '100000' };
const PEOPLE_EACH = 12;
const LEAST_CELLS = 3_000;

const runWholeMatrix = async (cluster, progress) => {
  const worlds = [];
  try {
    for (const name of ['acme', 'globex', 'paused']) worlds.push(await startTenant(cluster, name));
    const [world, foreign, suspended] = worlds;
    await seedOwner(foreign, foreign.owners.alice);
    await suspend(suspended);
    return await runMatrix(world, { bystanders: { foreign, suspended }, progress });
  } finally {
    for (const world of worlds) await endTenant(world);
  }
};

const runTraffic = async (cluster, options) => {
  const worlds = [];
  const people = Array.from({ length: PEOPLE_EACH }, (_, n) => `p${String.fromCharCode(97 + n)}`);
  try {
    for (const name of ['north', 'south', 'east', 'west']) worlds.push(await startTenant(cluster, name, { people }));
    const interleaved = await runInterleaved(cluster, worlds, options);
    // Their minute is fresh.
    const pair = [];
    for (const name of ['loud', 'calm']) pair.push(await startTenant(cluster, name));
    worlds.push(...pair);
    return { interleaved, flood: await runFlood(pair, options) };
  } finally {
    for (const world of worlds) await endTenant(world);
  }
};

export const campaignIsolation = async ({
  seed = '1',
  full = false,
  requests = full ? REQUESTS.full : REQUESTS.brief,
}) => {
  const progress = createProgress();
  // What is tested here is who sees what, not what survives: the disk need not be waited for.
  const cluster = await startCluster(['fsync=off', 'synchronous_commit=off', 'full_page_writes=off']);
  try {
    const matrix = await runWholeMatrix(cluster, progress);
    for (const line of matrix.red.slice(0, 30)) console.log(`  RED ${line}`);
    const reached = [...matrix.own].filter(([, told]) => told).length;
    const actors = [...matrix.byActor].map(([name, count]) => `${name} ${count}`).join(', ');
    console.log(`${matrix.operations} operations; cells: ${actors}`);
    console.log(`the owners themselves are told of their things by ${reached} of ${matrix.own.size} operations`);
    const traffic = await runTraffic(cluster, { seed, progress, requests: Number(requests) });
    const { interleaved, flood } = traffic;
    console.log(
      `interleaved: ${interleaved.answers} answers of ${interleaved.people} people in ${interleaved.tenants} tenants at ${interleaved.rate} a second, ${interleaved.seen} of them with the asker's own things; ${interleaved.cancelled} given up on their way, ${interleaved.terminated} connections ended, ${interleaved.unavailable} answered 503`,
    );
    for (const line of interleaved.foreign.slice(0, 10)) console.log(`  FOREIGN ${line}`);
    console.log(
      `a flooding neighbour was refused ${flood.refused} of ${flood.flooded} times; the other tenant's p99 ${flood.quiet} ms alone, ${flood.busy} ms beside it (x${(flood.busy / flood.quiet).toFixed(2)}, on one machine)`,
    );
    const mutants = await runMutants(cluster, progress);
    for (const { guard, caught, by } of mutants)
      console.log(`  ${caught ? 'caught' : 'LIVES'}  ${guard}: ${by?.slice(0, 140) ?? ''}`);
    const killed = mutants.filter(({ caught }) => caught).length;
    console.log(`mutation score ${killed} of ${mutants.length}: ${((100 * killed) / mutants.length).toFixed(0)} %`);
    const control = killed > 0 ? `caught (${killed} of ${mutants.length} removed guards seen)` : 'not caught';
    const wrong = new Set(matrix.red).size;
    return [
      { attack: 'cells of the matrix', tried: matrix.cells, passed: matrix.cells - wrong, control },
      {
        attack: `at least ${LEAST_CELLS} cells`,
        tried: LEAST_CELLS,
        passed: Math.min(LEAST_CELLS, matrix.cells),
        control: '-',
      },
      {
        attack: 'interleaved answers without a foreign id',
        tried: interleaved.answers,
        passed: interleaved.answers - interleaved.foreign.length,
        control: interleaved.control,
      },
      {
        attack: 'interleaved requests not failed by us',
        tried: interleaved.answers,
        passed: interleaved.answers - interleaved.failed,
        control: '-',
      },
      {
        attack: 'a neighbour’s flood leaves the other tenant its limit and its room',
        tried: flood.tried,
        passed: flood.passed,
        control: flood.control,
      },
      {
        attack: 'each removed guard turns the matrix red',
        tried: mutants.length,
        passed: killed,
        control: wrong === 0 ? 'caught (green with all guards in place)' : '-',
      },
    ];
  } finally {
    await cluster.stop();
  }
};
