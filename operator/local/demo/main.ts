import { join } from 'node:path';
import { MEMORY_TENANTS } from '../../api/v1alpha1/resources.js';
import type { MemoryTenant } from '../../api/v1alpha1/types.js';
import { killEverything } from '../stack/leftovers.js';
import { buildLocalTenant } from '../stack/plane.js';
import { type Progress, printProgress } from '../stack/progress.js';
import { type Stack, startStack } from '../stack/stack.js';
import { type DemoConfig, readDemoConfig, USAGE, UsageError } from './config.js';
import { type DemoLog, openDemoLog } from './demo-log.js';
import { printEndpoints } from './endpoints.js';
import { explain } from './explanation.js';
import { Interrupted, untilAborted, watchInterruptions } from './interruption.js';
import { openStateFolder } from './state-folder.js';
import { untilAnswering, untilReady } from './tenants.js';
import { takeTour } from './tour.js';

const TENANTS = ['acme', 'globex'] as const;
const VERSION = '0.1.0';

interface Demo {
  readonly config: DemoConfig;
  readonly progress: Progress;
  readonly demoLog: DemoLog;
  readonly signal: AbortSignal;
}

async function run(config: DemoConfig): Promise<number> {
  // An interruption may come at any time, and before the folder is ours there is nothing to end.
  let ours = false;
  const signal = watchInterruptions((exitCode) => {
    if (ours) killEverything(config.folder);
    process.exit(exitCode);
  });
  const state = await openStateFolder(config.folder, config);
  ours = true;
  const out = config.json ? process.stderr : process.stdout;
  const progress = printProgress((text) => out.write(text), signal);
  const demoLog = openDemoLog(join(config.folder, 'demo.log'));
  progress.say(`memplane demo, state in ${config.folder}`);
  try {
    return await show({ config, progress, demoLog, signal });
  } catch (error) {
    // What is under way when somebody interrupts fails in its own words.
    const reason: unknown = signal.aborted ? signal.reason : error;
    if (reason instanceof Interrupted) return reason.exitCode;
    demoLog.log.error({ err: reason }, 'the demo failed');
    throw reason;
  } finally {
    await demoLog.close();
    state.release();
  }
}

async function show(demo: Demo): Promise<number> {
  const { config, progress, demoLog, signal } = demo;
  const { folder, kubeconfig } = config;
  const began = performance.now();
  const stack = await startStack({ folder, kubeconfig, version: VERSION, log: demoLog.log, progress, signal });
  try {
    const interrupted = untilAborted(signal);
    await Promise.race([Promise.all(TENANTS.map((name) => bringUp(stack, name, progress))), interrupted]);
    progress.say(`ready in ${((performance.now() - began) / 1_000).toFixed(1)} s`);
    if (config.check) {
      progress.say('\nthe tour');
      await Promise.race([takeTour(stack, progress), interrupted]);
      progress.say('\neverything is as promised');
      return 0;
    }
    printEndpoints(stack, config.json, progress.say);
    return await interrupted.catch((reason: unknown) => {
      if (reason instanceof Interrupted) return 0;
      throw reason;
    });
  } finally {
    await stop(stack, demo);
  }
}

/** What failed before is what people must read; a failure to stop only goes beside it. */
async function stop(stack: Stack, { config, progress, demoLog }: Demo): Promise<void> {
  if (!config.check) progress.say('\nstopping');
  await stack.stop().catch((err: unknown) => {
    demoLog.log.error({ err }, 'not everything stopped as it should');
    progress.say(explain(err));
    killEverything(config.folder);
  });
}

async function bringUp(stack: Stack, name: string, progress: Progress): Promise<void> {
  await progress.step(
    `tenant ${name}`,
    async () => {
      await stack.kube.apply(MEMORY_TENANTS, buildLocalTenant(name));
      // What an earlier run left says Ready before its pods are back, and at the address that it had then.
      const here = ({ status }: MemoryTenant): boolean => portOf(status?.endpoint) === stack.router.port;
      const tenant = await untilReady(stack.kube, name, undefined, here);
      await untilAnswering(stack.router, name);
      return tenant;
    },
    ({ status }) => `Ready at ${status?.endpoint}`,
  );
}

const portOf = (url: string | undefined): number => (url === undefined ? 0 : Number(new URL(url).port));

async function main(): Promise<number> {
  let config: DemoConfig | undefined;
  try {
    config = readDemoConfig(process.argv.slice(2));
    if (!config.help) return await run(config);
    process.stdout.write(USAGE);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) process.stderr.write(error.message);
    else process.stderr.write(`\n${explain(error, config?.folder)}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

process.exit(await main());
