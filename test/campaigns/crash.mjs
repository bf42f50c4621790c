// R7: kill -9 of Postgres, of the service, of both, at random moments and at named steps, while facts come in. SIGKILL tests
// what a process may lose; what a disk or a power cut may lose it does not test.
import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { checkWorld, damageControls, isSound } from './crash-checks.mjs';
import { createWriters } from './crash-writers.mjs';
import {
  createProgress,
  createRandom,
  createTenant,
  percentile,
  pick,
  startCluster,
  startService,
  untilReady,
} from './lab.mjs';

const FAILPOINT = fileURLToPath(new URL('./crash-failpoint.mjs', import.meta.url));
export const STEPS = [
  ...['claim', 'begin', 'copy', 'outbox', 'audit', 'quota', 'answer', 'commit', 'vectors', 'drained', 'sequence'],
  ...['checkpoint', 'reply'],
].flatMap((name) => [`${name}:before`, `${name}:after`]);
const TARGETS = ['service', 'postgres', 'both'];
/** A step that is not reached in this time (a checkpoint is rare) is given up for a kill at this moment. */
const STEP_DEADLINE_MS = 4_000;

const startWorld = async (cluster, name, seed, options = {}) => {
  const tenant = await createTenant(cluster, name);
  const world = {
    ...{ cluster, tenant, name, random: createRandom(seed), acknowledged: new Map(), deleted: new Set() },
    ...{ kills: { service: 0, postgres: 0, both: 0 }, steps: new Map(), ready: [], ways: [], checks: [], options },
  };
  world.start = async () => {
    const env = world.port === undefined ? {} : { PORT: String(world.port) };
    world.service = await startService(tenant, { env, imports: [FAILPOINT], isReady: false });
    world.port = world.service.port;
    world.url = world.service.url;
  };
  await world.start();
  await untilReady(world.service);
  world.writers = createWriters(world);
  return world;
};

const endWorld = async (world) => {
  await world.writers.stop();
  await world.service.end('SIGTERM');
  world.tenant.drop();
};

/** Does what the plan says; answers whether the named step was reached. */
const killOnce = async (world, { target, step, afterMs }) => {
  const { cluster, service } = world;
  const isDone = () => (target === 'service' ? service.isOver() : cluster.isDown()) || service.isOver();
  if (step !== undefined) {
    const [name, moment] = step.split(':');
    service.tell({ name, moment, count: 1 + Math.floor(world.random() * 6), target, pidFile: cluster.pidFile });
    const deadline = Date.now() + STEP_DEADLINE_MS;
    while (!isDone() && Date.now() < deadline) await sleep(5);
    // A step that was not reached must not be reached later, when everything is up again and looked at.
    if (!isDone()) service.tell(null);
  } else await sleep(afterMs);
  const reached = step !== undefined && isDone();
  const killed = performance.now();
  // Each by its own ids; what the step has ended already is passed over.
  if (target !== 'service') await cluster.kill();
  if (target !== 'postgres') await service.end('SIGKILL');
  return { reached, killed };
};

/** What each part of the way back took: Postgres' own recovery, the process up to its first line, the rest up to ready. */
const bringUp = async (world) => {
  const marks = { postgres: 0, service: 0 };
  const begun = performance.now();
  if (world.cluster.isDown()) {
    await world.cluster.launch();
    marks.postgres = performance.now() - begun;
  }
  const [up, wasOver] = [performance.now(), world.service.isOver()];
  if (wasOver) await world.start();
  await untilReady(world.service);
  marks.service = performance.now() - up;
  return { ...marks, wasOver };
};

const planKill = (world) => {
  const { random, options } = world;
  const target = pick(random, options.targets ?? TARGETS);
  const named = options.steps ?? (random() < 0.6 ? STEPS : []);
  return { target, step: named.length > 0 ? pick(random, named) : undefined, afterMs: 150 + random() * 900 };
};

const runKills = async (world, kills, { progress, isEnough = () => false, check = checkWorld }) => {
  for (let n = 1; n <= kills && !isEnough(world); n++) {
    world.writers.resume();
    await sleep(150);
    const plan = planKill(world);
    const { reached, killed } = await killOnce(world, plan);
    const way = await bringUp(world);
    world.ready.push(performance.now() - killed);
    world.ways.push({ target: plan.target, ...way });
    world.kills[plan.target]++;
    const how = plan.step === undefined ? 'random' : reached ? plan.step : `${plan.step} (not reached)`;
    world.steps.set(how, (world.steps.get(how) ?? 0) + 1);
    await world.writers.pause();
    world.checks.push(await check(world, { isWhole: n % 10 === 0 || n === kills }));
    const bad = world.checks.filter((one) => !isSound(one)).length;
    progress(
      `${world.name}: kill ${n} of ${kills} (${plan.target}, ${how}), ${world.acknowledged.size} facts acknowledged, ${bad} checks failed`,
    );
  }
};

const sumOf = (world, name) => world.checks.reduce((sum, check) => sum + (check[name] ?? 0), 0);
const checksOf = (world, name) => world.checks.filter((check) => check[name] !== undefined).length;
const failedOf = (world, name) => world.checks.filter((check) => (check[name] ?? 0) > 0).length;

/** The same harness on a Postgres that acknowledges before it has written: it has to see facts go. */
const controlOff = async (seed, progress) => {
  const cluster = await startCluster(['synchronous_commit=off']);
  try {
    const world = await startWorld(cluster, 'controloff', seed, { targets: ['postgres'], steps: [] });
    await runKills(world, 8, { progress, isEnough: (one) => sumOf(one, 'lost') > 0 });
    const lost = sumOf(world, 'lost');
    await endWorld(world);
    // And whoever repeats a request without its key, after it was committed and before it was answered.
    const keyless = await startWorld(cluster, 'keyless', seed, {
      targets: ['service'],
      steps: ['commit:after'],
      keyless: true,
    });
    await runKills(keyless, 6, { progress, isEnough: (one) => sumOf(one, 'phantom') > 0 });
    const doubled = sumOf(keyless, 'phantom');
    await endWorld(keyless);
    return { lost, doubled };
  } finally {
    await cluster.stop();
  }
};

const told = (count, what) => (count > 0 ? `caught (${count} ${what})` : 'not caught');

export const campaignCrash = async ({ kills = '60', seed = '1' }) => {
  const progress = createProgress();
  const cluster = await startCluster();
  let world;
  try {
    world = await startWorld(cluster, 'crash', seed);
    await runKills(world, Number(kills), { progress });
    // Requests whose claim died with the service are free again after its lease; then they are answered once, as all others.
    progress(`waiting for ${world.writers.deferred()} requests whose claim has to run out`);
    await world.writers.settle();
    world.checks.push(await checkWorld(world, { isWhole: true, isLast: true }));
    const last = world.checks.at(-1);
    const damage = await damageControls(world);
    const repeats = world.writers.repeats;
    const control = await controlOff(seed, progress);
    const facts = world.acknowledged.size;
    const { service, postgres, both } = world.kills;
    const all = service + postgres + both;
    const named = [...world.steps].filter(([name]) => /^\w+:\w+$/.test(name));
    console.log(
      `kills: ${all} (service ${service}, postgres ${postgres}, both ${both}); at ${named.length} of ${STEPS.length} named steps ${named.reduce((sum, [, count]) => sum + count, 0)} times`,
    );
    console.log(
      `ready again: p50 ${Math.round(percentile(world.ready, 50))} ms, p99 ${Math.round(percentile(world.ready, 99))} ms, most ${Math.round(Math.max(...world.ready))} ms at a load of ${loadavg()[0].toFixed(1)}; ${world.writers.counts.retries} requests repeated, ${world.writers.counts.deferred} of them told to wait for a dead claim`,
    );
    const timesOf = (name, values) =>
      values.length === 0
        ? `${name} never`
        : `${name} p50 ${Math.round(percentile(values, 50))} ms, most ${Math.round(Math.max(...values))} ms`;
    const started = world.ways.filter(({ wasOver }) => wasOver);
    const stayed = world.ways.filter(({ wasOver }) => !wasOver);
    console.log(
      `of that: ${[
        timesOf(
          "Postgres' recovery",
          world.ways.flatMap(({ postgres }) => (postgres > 0 ? [postgres] : [])),
        ),
        timesOf(
          'the service from its start',
          started.map(({ service }) => service),
        ),
        timesOf(
          'the service that stayed, after Postgres was back',
          stayed.map(({ service }) => service),
        ),
      ].join('; ')}`,
    );
    const found = [...world.checks.flatMap(({ details }) => details), ...world.writers.counts.wrong];
    for (const what of found.slice(0, 20)) console.log(`  ${what}`);
    console.log('SIGKILL ends processes; the page cache of the machine lives on. A power cut is not tested here.');
    const perCheck = (attack, name, caught) => ({
      attack,
      tried: checksOf(world, name),
      passed: checksOf(world, name) - failedOf(world, name),
      control: caught,
    });
    return [
      {
        attack: `acknowledged facts are there after ${all} kills`,
        tried: facts,
        passed: facts - new Set(world.lostIds).size,
        control: told(control.lost, 'lost with synchronous_commit=off'),
      },
      {
        attack: 'no fact is there twice or from nowhere',
        tried: facts,
        passed: Math.max(0, facts - sumOf(world, 'phantom') - sumOf(world, 'doubled')),
        control: told(control.doubled, 'doubled without a key'),
      },
      {
        attack: 'the same key gets the same answer',
        tried: repeats.tried,
        passed: repeats.same,
        control: told(repeats.controlOther, 'other answers to a new key'),
      },
      {
        attack: 'requests answered as they should be',
        tried: world.writers.counts.answered,
        passed: world.writers.counts.answered - world.writers.counts.wrong.length,
        control: '-',
      },
      perCheck('contents as acknowledged, deleted stays deleted', 'content', damage.content),
      perCheck('counters of quotas are the rows', 'quota', damage.quota),
      perCheck('outbox drains, vectors are the rows', 'vectors', damage.vectors),
      perCheck('audit log: one chain, signed, nothing pending', 'chain', damage.chain),
      perCheck('audit log: every row is what the log says (verify-data, each 10th kill)', 'data', damage.data),
      {
        attack: 'audit log: exported and verified offline',
        tried: 1,
        passed: last.bundle === 'valid' ? 1 : 0,
        control: damage.bundle,
      },
    ];
  } finally {
    await world?.writers?.stop().catch(() => undefined);
    await world?.service?.end('SIGKILL');
    world?.tenant.drop();
    await cluster.stop();
  }
};
