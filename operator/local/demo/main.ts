import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { MEMORY_TENANTS } from '../../api/v1alpha1/resources.js';
import type { Log } from '../../runtime/log.js';
import { buildLocalTenant } from '../stack/plane.js';
import { type Progress, printProgress } from '../stack/progress.js';
import { type Stack, startStack } from '../stack/stack.js';
import { type DemoConfig, readDemoConfig, UsageError } from './config.js';
import { printEndpoints } from './endpoints.js';
import { DemoError, openStateFolder } from './state-folder.js';
import { untilAnswering, untilReady } from './tenants.js';
import { takeTour } from './tour.js';

const TENANTS = ['acme', 'globex'] as const;
const VERSION = '0.1.0';

async function run(config: DemoConfig, progress: Progress): Promise<number> {
  const state = openStateFolder(config.folder, config.fresh);
  const log = fileLog(join(config.folder, 'demo.log'));
  const began = performance.now();
  const interrupted = interruption();
  progress.say(`memplane demo, state in ${config.folder}`);
  let stack: Stack | undefined;
  try {
    const { folder, kubeconfig } = config;
    stack = await Promise.race([startStack({ folder, kubeconfig, version: VERSION, log, progress }), interrupted]);
    const started = stack;
    await Promise.race([Promise.all(TENANTS.map((name) => bringUp(started, name, progress))), interrupted]);
    progress.say(`ready in ${((performance.now() - began) / 1_000).toFixed(1)} s`);
    if (config.check) {
      progress.say('\nthe tour');
      await Promise.race([takeTour(stack, progress), interrupted]);
      progress.say('\neverything is as promised');
      return 0;
    }
    printEndpoints(stack, config.json, progress.say);
    await interrupted;
    return 0;
  } catch (error) {
    if (error === INTERRUPTED) return 0;
    throw error;
  } finally {
    progress.say(config.check ? '' : '\nstopping');
    // What failed before is what people must read; this only goes beside it.
    await stack?.stop().catch((err: unknown) => {
      log.error({ err }, 'not everything stopped as it should');
      progress.say(`not everything stopped as it should: ${describe(err)}`);
    });
    state.release();
  }
}

async function bringUp(stack: Stack, name: string, progress: Progress): Promise<void> {
  await progress.step(
    `tenant ${name}`,
    async () => {
      await stack.kube.apply(MEMORY_TENANTS, buildLocalTenant(name));
      const tenant = await untilReady(stack.kube, name);
      // What an earlier run left says Ready before its pods are back.
      await untilAnswering(stack.router, name);
      return tenant;
    },
    ({ status }) => `Ready at ${status?.endpoint}`,
  );
}

const INTERRUPTED = Symbol('interrupted');

/** Rejects at the first Ctrl-C, so that whatever is under way is given up; the second one ends at once. */
function interruption(): Promise<never> {
  const promise = new Promise<never>((_, reject) => {
    let count = 0;
    const interrupt = (): void => {
      count += 1;
      if (count > 1) process.exit(130);
      reject(INTERRUPTED);
    };
    process.on('SIGINT', interrupt);
    process.on('SIGTERM', interrupt);
  });
  promise.catch(() => undefined);
  return promise;
}

/** People read the lines on the terminal; what the parts say goes to a file beside the state. */
function fileLog(path: string): Log {
  return pino({ level: 'info' }, createWriteStream(path, { flags: 'a', mode: 0o600 }));
}

async function main(): Promise<number> {
  try {
    const config = readDemoConfig(process.argv.slice(2));
    const out = config.json ? process.stderr : process.stdout;
    return await run(
      config,
      printProgress((text) => out.write(text)),
    );
  } catch (error) {
    if (error instanceof UsageError) process.stderr.write(error.message);
    else if (error instanceof DemoError) process.stderr.write(`\n${error.message}\n`);
    else process.stderr.write(`\nthe demo failed: ${describe(error)}\nmore in demo.log of the state folder\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

/** What happened and why, along the chain of causes; stacks are for the log. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const parts = error instanceof AggregateError ? error.errors.map(describe) : [];
  const cause = error.cause === undefined ? '' : `: ${describe(error.cause)}`;
  return [error.message + cause, ...parts].join('; ');
}

process.exit(await main());
